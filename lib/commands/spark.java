///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../spark/Spark.java
//SOURCES train.java

package commands;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code train} with Spark beside it: what {@code ./jbang export portable} makes the jar of that {@code spark-submit} takes,
 * whose master is that of the run. In a checkout {@code train --master} needs no such thing.
 */
public class spark {
    public static void main(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        String master = System.getProperty("spark.master"); // spark-submit sets it
        if (master != null && all.stream().noneMatch(word -> word.startsWith("--master"))) {
            all.addAll(0, List.of("--master", master));
        }
        train.main(all.toArray(String[]::new));
    }
}
