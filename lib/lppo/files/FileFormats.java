package lppo.files;

//DEPS blue.strategic.parquet:parquet-floor:2.3
//SOURCES Benchmark.java
//SOURCES Layout.java
//SOURCES ParquetRows.java
//SOURCES ParquetValue.java
//SOURCES ProblemFiles.java

/**
 * What a script includes beside {@code Lppo.java}, by {@code //SOURCES ../lib/lppo/files/FileFormats.java}, to read problems from
 * Parquet files and published benchmarks.
 */
public final class FileFormats {
    private FileFormats() {}
}
