package logs;

//SOURCES ../lppo/Lppo.java
//SOURCES EventFile.java
//SOURCES Mlflow.java
//SOURCES Protobuf.java
//SOURCES Settings.java
//SOURCES TensorBoard.java

/**
 * Listeners that write a run where teams look: event files for TensorBoard, an MLflow server. A script has them by one line,
 * {@code //SOURCES lib/logs/Logs.java}; they need no further library.
 */
public final class Logs {
    private Logs() {}
}
