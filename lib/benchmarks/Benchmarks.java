package benchmarks;

//DEPS blue.strategic.parquet:parquet-floor:2.3
//SOURCES Benchmark.java
//SOURCES Layout.java
//SOURCES ParquetRows.java
//SOURCES ParquetValue.java
//SOURCES ProblemFiles.java

/**
 * Sources and dependencies for reading Parquet files and published benchmarks. A script includes them beside {@code Lppo.java} with
 * {@code //SOURCES ../lib/benchmarks/Benchmarks.java}.
 */
public final class Benchmarks {
    private Benchmarks() {}
}
