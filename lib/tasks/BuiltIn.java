package tasks;

//SOURCES ArithmeticTask.java
//SOURCES Stories.java
//SOURCES Story.java
//SOURCES Tasks.java

/** What a script includes, besides the library, for the tasks that commands know by name. */
public final class BuiltIn {
    private BuiltIn() {}
}
