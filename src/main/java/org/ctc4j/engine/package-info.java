/**
 * What the API hands to a backend: a call as one value, checked, with the places of its results.
 * Internal.
 */
package org.ctc4j.engine;
