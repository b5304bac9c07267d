package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.cli.BatchReader.Wanted;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.Timeline;
import org.ctc4j.cli.output.UtteranceJson;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "decode",
    description = {
      "What the logits say: the labels, when there is no target.",
      "",
      "Without --beam greedily: the most probable class of every frame, then repeats merged and"
          + " blanks removed. With --beam the outputs of the highest probability, each summed over its"
          + " paths (prefix beam search); their labels lie in --json where the most probable path of"
          + " each output has them. A text is listed once, with the probability of all labels that"
          + " say it. A language model, a lexicon and hot words add to the scores. Where the file has targets, or with --transcripts, error rates follow. Files of"
          + " times are of the best output.",
      "",
      "In --json a greedy label's or word's confidence is the geometric mean of its frames'"
          + " probabilities, and no probability of being right, which is less. With --beam a word's"
          + " share is how much of the probability of all outputs in the beam has the word."
    },
    footer = {
      "",
      "Examples:",
      "  ctc decode                                       real speech that comes with ctc4j",
      "  ctc decode --beam 100 --nbest 5",
      "  ctc decode --beam 100 --hot-word channel --hot-word monday",
      "  ctc decode --beam 100 --lm words.arpa.gz --lm-weight 0.5 --lexicon words.txt",
      "  ctc decode batch.npz --tokens vocab.json --blank 31 --json",
      "  ctc decode batch.npz --tokens vocab.json --beam 50 --frame-shift 0.02 --srt folder",
      "  model | ctc decode --stream - --tokens vocab.json --beam 10"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class DecodeCommand implements Callable<Integer> {
  private static final Set<String> OF_STREAMS =
      Set.of(
          "--stream",
          "--blank",
          "--input",
          "--lm",
          "--lm-tokens",
          "--lm-weight",
          "--word-bonus",
          "--lexicon",
          "--hot-word",
          "--hot-words",
          "--hot-word-bonus",
          "--beam",
          "--top-classes",
          "--min-probability",
          "--beam-threshold",
          "--tokens",
          "--token-format",
          "--language",
          "--joined",
          "--nfc",
          "--threads");

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private TokenOptions tokens;
  @Mixin private DecoderChoice decoder;

  @Mixin private SearchOptions search;

  @Option(
      names = "--transcripts",
      paramLabel = "FILE",
      description =
          "What was said, a line for each utterance, or Kaldi's 'name text', to be compared with"
              + " instead of the file's targets: gives error rates.")
  private Path transcripts;

  @Option(names = "--json", description = "Print one JSON object, with the frames of the labels.")
  private boolean json;

  @Option(
      names = "--stream",
      description = {
        "Read frames from standard input ('-') as they come: float32 numbers, little-endian, one for"
            + " each of --tokens' classes, frame after frame. Text is printed as soon as no later frame"
            + " can change it; a line ends after "
            + StreamDecoding.ENDPOINT_FRAMES
            + " frames without a label, and at the end."
      })
  private boolean stream;

  @Mixin private TimeOptions times;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    BeamOptions beam = search.beam(); // what is wrong is told before gigabytes are read
    if (stream) {
      decodeStream(beam);
      return 0;
    }
    times.check(tokens.frameShift(input), json);
    if (decoder.isCuda()) {
      search.requireTokensAlone();
    }
    List<Path> inputs = new ArrayList<>(Arrays.asList(search.files()));
    inputs.addAll(Arrays.asList(input.file, tokens.file(), transcripts, times.namesFile()));
    TimeFiles files = times.open(new Outputs(inputs.toArray(Path[]::new)));
    BatchFile file = new BatchReader(input, "logits", err).read(Wanted.WHERE_THERE);
    Naming naming = tokens.of(input, file, err);
    TimeSetting setting = times.setting(file, naming, files);
    References references = references(file, setting.names(), naming, err);
    if (beam == null) {
      decodeGreedily(file, naming, setting, references);
    } else {
      search(file, naming, setting, references);
    }
    return 0;
  }

  private void decodeStream(BeamOptions beam) throws IOException {
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (!OF_STREAMS.contains(option.longestName())) {
        throw new InvalidInputException(
            "--stream: expected no %s, since it prints text alone".formatted(option.longestName()));
      }
    }
    if (!Path.of("-").equals(input.file)) {
      throw new InvalidInputException(
          "--stream: expected '-', standard input, got " + InputFile.name(input.file));
    }
    PrintWriter err = spec.commandLine().getErr();
    Vocabulary vocabulary = tokens.ofStream(input, err);
    CtcDecoder onHost = decoder.onHost();
    int classes = vocabulary.size();
    CtcOptions options = input.options();
    BeamScorer<?> scorer = beam == null ? null : search.scorer(vocabulary, err);
    CtcStream frames =
        beam == null
            ? onHost.stream(classes, options)
            : scorer == null
                ? onHost.stream(classes, options, beam)
                : onHost.stream(classes, options, beam, scorer);
    SoftmaxCheck softmax = new SoftmaxCheck();
    new StreamDecoding(frames, vocabulary, softmax, spec.commandLine().getOut()).decode(System.in);
    softmax.note(input, "standard input: each frame", spec.commandLine().getErr());
  }

  private void decodeGreedily(
      BatchFile file, Naming naming, TimeSetting setting, References references)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    CtcBatch batch = file.batch();
    List<CtcPath> paths = file.during("decoding", () -> decoder.greedy(batch, input.options()));
    List<TimedUtterance> timed = new ArrayList<>();
    for (int n = 0; n < paths.size(); n++) {
      String reason = NoPath.reason(paths.get(n).status());
      timed.add(setting.utterance(n, Timeline.Finding.greedy(paths.get(n), reason)));
    }
    setting.write(timed, spec.commandLine().getErr());
    List<int[]> labels = paths.stream().map(CtcPath::labels).toList();
    Map<String, ErrorCounts> errors = errors(references, labels, naming.vocabulary());
    PathReport report = new PathReport(timed, naming);
    if (json) {
      report.printJson(out, setting.boxes(), errors);
    } else {
      report.printTexts(out);
      References.print(errors, out);
    }
  }

  private void search(BatchFile file, Naming naming, TimeSetting setting, References references)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Vocabulary vocabulary = naming.vocabulary();
    BeamOptions beam = search.beam();
    BeamScorer<?> scorer = search.scorer(vocabulary, spec.commandLine().getErr());
    NBestSearch nBest = new NBestSearch(file.batch(), input.options(), decoder, vocabulary);
    List<NBestReport.NBest> found =
        file.during("decoding", () -> nBest.find(setting.names(), beam, scorer));
    List<List<TimedUtterance>> timed =
        json || setting.hasFiles()
            ? file.during("aligning", () -> nBest.time(found, beam.nBest(), setting))
            : List.of();
    List<TimedUtterance> best = timed.stream().map(outputs -> outputs.get(0)).toList();
    setting.write(best, spec.commandLine().getErr());
    NBestReport report = new NBestReport(found);
    List<int[]> labels = found.stream().map(NBestReport.NBest::labels).toList();
    Map<String, ErrorCounts> errors = errors(references, labels, vocabulary);
    if (json) {
      UtteranceJson fields = new UtteranceJson(naming.frameShift(), setting.boxes());
      report.printJson(out, timed, fields, naming, errors);
    } else {
      report.printTable(out, beam.nBest());
      References.print(errors, out);
    }
  }

  /** Null where nobody said what was said. */
  private References references(BatchFile file, List<String> names, Naming naming, PrintWriter err)
      throws IOException {
    if (transcripts != null) {
      return References.of(transcripts, names, naming.vocabulary(), err);
    }
    return file.hasTargets() ? References.of(file, naming, err) : null;
  }

  private static Map<String, ErrorCounts> errors(
      References references, List<int[]> labels, Vocabulary vocabulary) {
    return references == null ? Map.of() : references.errors(labels, vocabulary);
  }
}
