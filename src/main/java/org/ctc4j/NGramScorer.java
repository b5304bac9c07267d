package org.ctc4j;

/**
 * A scorer that is an n-gram model with backoff whose words are labels, and that tells all of it: a
 * {@link CudaTokenScorer} is made of one. {@link org.ctc4j.text.TokenScorer} is one.
 *
 * <p>A label with a word adds {@link #weight} · min(0, log10 p(word | the words before it)) +
 * {@link #bonus}, the end {@link #weight} · min(0, log10 p(end word)); with a weight of 0 the bonus
 * alone. log10 p is that of the longest n-gram which ends in the word and is there, and before it
 * the backoffs of all longer contexts that are, from the longest on, added up in float64.
 *
 * @param <S> state of a prefix
 */
public interface NGramScorer<S> extends BeamScorer<S> {
  /** A word that the model does not have, with log10 p = −100 behind the backoffs. */
  int UNKNOWN = -1;

  /** What no word is: nothing is added, and what comes next has the words before it. */
  int NOTHING = -2;

  /** Takes n-grams of one order, one by one. */
  @FunctionalInterface
  interface NGrams {
    /**
     * @param i its number, from 0 on; of a unigram that of its word
     * @param context the number of its first n − 1 words among the n-grams of that order; 0 of
     *     unigrams
     * @param word the number of its last word
     * @param log10 of p(word | context)
     * @param backoff log10; 0 in the highest order
     */
    void take(int i, int context, int word, float log10, float backoff);
  }

  /** The longest n-gram's number of words. */
  int order();

  /** How many n-grams of so many words there are. */
  int count(int n);

  /** Gives out all n-grams of so many words. */
  void forEach(int n, NGrams to);

  /** How many labels there are, the blank included. */
  int classes();

  /** The number of a label's word, {@link #UNKNOWN} or {@link #NOTHING}. */
  int word(int label);

  /** The word before the first label, or {@link #UNKNOWN} where there is no context. */
  int startWord();

  /** The word that is the end, or {@link #UNKNOWN} where the end adds nothing. */
  int endWord();

  /** What log10 p counts, in nats. */
  double weight();

  /** For each label with a word, in nats. */
  double bonus();
}
