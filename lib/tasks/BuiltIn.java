package tasks;

//SOURCES ArithmeticTask.java
//SOURCES Stories.java
//SOURCES Story.java
//SOURCES Tasks.java

/** Sources of the tasks that commands know by name, for scripts that include the library. */
public final class BuiltIn {
    private BuiltIn() {}
}
