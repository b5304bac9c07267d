package org.ctc4j.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Sequences as Spark's plans have them. */
final class Plans {
  private Plans() {}

  static <T> Seq<T> seq(List<? extends T> elements) {
    return CollectionConverters.<T>asScala(new ArrayList<T>(elements)).toSeq();
  }

  static <T> List<T> list(Seq<T> elements) {
    return CollectionConverters.asJava(elements);
  }

  static <T> Seq<T> concatenated(Seq<? extends T> first, Seq<? extends T> second) {
    List<T> all = new ArrayList<>(list(first));
    all.addAll(list(second));
    return seq(all);
  }

  static <T, R> Seq<R> map(Seq<T> elements, Function<T, R> function) {
    return seq(list(elements).stream().map(function).toList());
  }

  static <T, R> Iterator<R> map(Iterator<T> elements, Function<T, R> function) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return elements.hasNext();
      }

      @Override
      public R next() {
        return function.apply(elements.next());
      }
    };
  }
}
