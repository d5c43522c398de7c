package commands;

//DEPS info.picocli:picocli:4.7.7
//DEPS me.tongfei:progressbar:0.10.2
//DEPS org.jline:jline-terminal:3.29.0
//SOURCES ../rivals/Rivals.java
//SOURCES ../tasks/BuiltIn.java
//SOURCES ../view/View.java
//SOURCES ByName.java
//SOURCES Children.java
//SOURCES Cli.java
//SOURCES CompletionReport.java
//SOURCES ConditionReport.java
//SOURCES Interrupt.java
//SOURCES Jobs.java
//SOURCES LiveTable.java
//SOURCES OutputComparison.java
//SOURCES Progress.java
//SOURCES RecipeReport.java
//SOURCES RecordedRun.java
//SOURCES RunGroup.java
//SOURCES WithSpark.java

/** Sources and dependencies that every command includes besides the library: picocli, progress bars, processes and reports. */
public final class Commands {
    private Commands() {}
}
