package org.ctc4j.examples.speech;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.ctc4j.examples.audio.FeatureReader;
import org.ctc4j.examples.audio.Recording;
import org.ctc4j.examples.audio.Utterance;
import org.ctc4j.text.Vocabulary;

/** Recordings to train and to test with, no sentence in both. */
final class Corpus {
  private static final float RATE = 8000;

  private final List<Utterance> training = new ArrayList<>();
  private final List<Utterance> asRecorded = new ArrayList<>();
  private final List<Utterance> heldOut = new ArrayList<>();
  private final Vocabulary vocabulary;

  /**
   * @param sounds folder of NAME.wav
   * @param speeds at which what is trained with is read, 1 as it is
   */
  Corpus(Map<String, String> texts, Set<String> heldOutTexts, Path sounds, double... speeds)
      throws IOException {
    vocabulary = Vocabulary.of(tokens(texts.values()));
    FeatureReader reader = FeatureReader.speech();
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      Path file = sounds.resolve(entry.getKey() + ".wav");
      if (!Files.exists(file)) {
        continue; // some sentences are written down alone
      }
      String name = entry.getKey().replace('/', '_');
      float[] samples = Recording.read(file, RATE);
      int[] labels = vocabulary.encode(entry.getValue());
      if (heldOutTexts.contains(entry.getValue())) {
        heldOut.add(new Utterance(name, reader.read(samples), labels));
      } else {
        for (double speed : speeds) {
          float[] changed = speed == 1 ? samples : Recording.atSpeed(samples, speed);
          Utterance utterance = new Utterance(name, reader.read(changed), labels);
          training.add(utterance);
          if (speed == 1) {
            asRecorded.add(utterance);
          }
        }
      }
    }
  }

  List<Utterance> training() {
    return training;
  }

  /** What is trained with, once each. */
  List<Utterance> asRecorded() {
    return asRecorded;
  }

  List<Utterance> heldOut() {
    return heldOut;
  }

  /** Blank, space, and every character of the texts. */
  Vocabulary vocabulary() {
    return vocabulary;
  }

  private static List<String> tokens(Collection<String> texts) {
    Set<String> characters = new TreeSet<>();
    texts.forEach(text -> text.codePoints().mapToObj(Character::toString).forEach(characters::add));
    characters.remove(" ");
    List<String> tokens = new ArrayList<>(List.of("<blank>", "<space>"));
    tokens.addAll(characters);
    return tokens;
  }
}
