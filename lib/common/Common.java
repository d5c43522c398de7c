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

/** What every room may use and what knows no room: keyed randomness, JSON Lines, checksums, and the error that a user can mend. */
public final class Common {
    private Common() {}
}
