package org.ctc4j;

import java.io.Serializable;

/**
 * Whether a backend can be used here.
 *
 * @param backend which one
 * @param usable whether {@link Ctc#create(Backend)} would succeed
 * @param device what it would run on, or "none"
 * @param reason why it is not usable; for a usable one, what could be better, or ""
 */
public record BackendReport(Backend backend, boolean usable, String device, String reason)
    implements Serializable {}
