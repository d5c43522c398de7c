package spark;

import common.BadInput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import lppo.Objective;

/**
 * An objective on its way from the driver to an executor. Inside a task of Spark, a class that the executor does not have would end in
 * an error that does not name it.
 *
 * @param bytes of Java's serialisation
 */
record SerializedObjective(byte[] bytes) implements Serializable {

    /**
     * Serialises an objective.
     *
     * @throws BadInput naming the class that cannot be serialised
     */
    static SerializedObjective of(Objective objective) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(objective);
        } catch (IOException e) {
            throw new BadInput("the objective cannot be sent to executors: it refers to " + e.getMessage()
                    + ", which is not Serializable; let it refer to numbers and serialisable records only", e);
        }
        return new SerializedObjective(bytes.toByteArray());
    }

    /**
     * Restores the objective, on an executor.
     *
     * @throws BadInput naming the host and the class that it does not have
     */
    Objective restore() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader(); // it knows the jars of spark.jars
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass type) throws IOException, ClassNotFoundException {
                try {
                    return Class.forName(type.getName(), false, loader);
                } catch (ClassNotFoundException e) {
                    return super.resolveClass(type); // primitive types
                }
            }
        }) {
            return (Objective) in.readObject();
        } catch (ClassNotFoundException | NoClassDefFoundError e) {
            throw new BadInput("host " + Replica.host() + ": does not have the class " + e.getMessage() + " of the objective; add its jar"
                    + " to the Spark setting spark.jars (a cell of a notebook is in no jar: write the objective into a file)", e);
        } catch (IOException e) {
            throw new IllegalStateException("host " + Replica.host() + ": the objective cannot be restored", e);
        }
    }
}
