package common;

//JAVA 17+
//DEPS com.google.code.gson:gson:2.13.1
//SOURCES BadInput.java
//SOURCES Checksums.java
//SOURCES Json.java
//SOURCES JsonRow.java
//SOURCES JsonRows.java
//SOURCES OneLine.java
//SOURCES PythonList.java
//SOURCES Seed.java

/** Utilities for all packages that depend on none of them: keyed randomness, JSON Lines, checksums, and the exception for invalid input. */
public final class Common {
    private Common() {}
}
