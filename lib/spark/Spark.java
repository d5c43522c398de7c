package spark;

//DEPS org.apache.spark:spark-core_2.13:4.0.1
//SOURCES Cluster.java
//SOURCES FlatTensors.java
//SOURCES Replica.java
//SOURCES SerializedObjective.java
//SOURCES SparkErrors.java
//SOURCES SparkRollout.java
//SOURCES SparkUpdate.java
//SOURCES TemporarySparkHome.java
//SOURCES WeightBroadcast.java
//RUNTIME_OPTIONS -Djava.awt.headless=true -DOPT_OUT_TRACKING=true -Dslf4j.provider=org.slf4j.nop.NOPServiceProvider
//RUNTIME_OPTIONS -Dslf4j.internal.verbosity=ERROR
//RUNTIME_OPTIONS -XX:+IgnoreUnrecognizedVMOptions --add-opens=java.base/java.lang=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/java.lang.invoke=ALL-UNNAMED --add-opens=java.base/java.lang.reflect=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/java.io=ALL-UNNAMED --add-opens=java.base/java.net=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/java.util.concurrent=ALL-UNNAMED --add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/sun.nio.cs=ALL-UNNAMED --add-opens=java.base/sun.security.action=ALL-UNNAMED
//RUNTIME_OPTIONS --add-opens=java.base/sun.util.calendar=ALL-UNNAMED

/**
 * Sources and dependencies for computing on Apache Spark. A script includes them beside {@code Lppo.java} with
 * {@code //SOURCES ../lib/spark/Spark.java}.
 * {@code train --master} and {@code bench --master} add them automatically; without {@code --master} nothing of Spark is downloaded,
 * compiled or loaded. See the README in this folder.
 */
public final class Spark {
    private Spark() {}
}
