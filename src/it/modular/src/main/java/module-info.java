/** An application that is a module. */
module consumer {
  requires org.ctc4j;
}
