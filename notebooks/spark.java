///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/spark/Spark.java
//SOURCES train.java

/**
 * {@code train} with Spark beside it: what {@code ./jbang export portable} makes the jar of that {@code spark-submit} takes.
 * In a checkout {@code train --master} needs no such thing.
 */
public class spark {
    public static void main(String... args) {
        train.main(args);
    }
}
