///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../spark/Spark.java
//SOURCES train.java

package commands;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code train} with Spark on its class path: {@code ./jbang export portable} builds a jar of it for {@code spark-submit}, whose master the
 * run uses. In a checkout, use {@code train --master} instead.
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
