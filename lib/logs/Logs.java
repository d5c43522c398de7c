package logs;

//SOURCES ../lppo/Lppo.java
//SOURCES EventFile.java
//SOURCES Mlflow.java
//SOURCES Protobuf.java
//SOURCES Settings.java
//SOURCES TensorBoard.java

/**
 * Sources of the listeners that log a run to TensorBoard event files or to an MLflow server. A script includes them with
 * {@code //SOURCES lib/logs/Logs.java}; no further library is needed.
 */
public final class Logs {
    private Logs() {}
}
