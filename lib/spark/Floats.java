package spark;

import ai.djl.ndarray.NDArray;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
import lppo.model.Scopes;

/**
 * The numbers of some arrays, one array's after another's. They travel as blocks of bytes, which takes Java a third of the time
 * that number by number does.
 */
final class Floats implements Externalizable {

    private static final long serialVersionUID = 1;
    private static final int BLOCK = 1 << 14; // numbers

    private float[] values;

    /** Of nothing; what travels begins as this. */
    public Floats() {
        this(new float[0]);
    }

    private Floats(float[] values) {
        this.values = values;
    }

    /** The values of arrays. */
    static Floats of(List<NDArray> arrays) {
        Floats all = new Floats(new float[Math.toIntExact(arrays.stream().mapToLong(NDArray::size).sum())]);
        int at = 0;
        for (NDArray array : arrays) {
            float[] mine = array.toFloatArray();
            System.arraycopy(mine, 0, all.values, at, mine.length);
            at += mine.length;
        }
        return all;
    }

    int size() {
        return values.length;
    }

    /** Hands each array its values. */
    void each(List<NDArray> arrays, BiConsumer<NDArray, FloatBuffer> what) {
        int at = 0;
        for (NDArray array : arrays) {
            FloatBuffer mine = FloatBuffer.wrap(values, at, (int) array.size()).slice();
            Scopes.run(() -> what.accept(array, mine));
            at += (int) array.size();
        }
    }

    /** Adds the others to these. */
    void add(Floats others) {
        for (int i = 0; i < values.length; i++) {
            values[i] += others.values[i];
        }
    }

    /** CRC-32C of the bytes. */
    long checksum() {
        CRC32C checksum = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(4 * BLOCK);
        for (int at = 0; at < values.length; at += BLOCK) {
            checksum.update(bytes.array(), 0, block(at, bytes));
        }
        return checksum.getValue();
    }

    /** Puts a block into bytes; returns how many bytes it has. */
    private int block(int at, ByteBuffer bytes) {
        int count = Math.min(values.length - at, BLOCK);
        bytes.asFloatBuffer().put(values, at, count);
        return 4 * count;
    }

    @Override
    public void writeExternal(ObjectOutput out) throws IOException {
        out.writeInt(values.length);
        ByteBuffer bytes = ByteBuffer.allocate(4 * BLOCK);
        for (int at = 0; at < values.length; at += BLOCK) {
            out.write(bytes.array(), 0, block(at, bytes));
        }
    }

    @Override
    public void readExternal(ObjectInput in) throws IOException {
        values = new float[in.readInt()];
        ByteBuffer bytes = ByteBuffer.allocate(4 * BLOCK);
        for (int at = 0; at < values.length; at += BLOCK) {
            int count = Math.min(values.length - at, BLOCK);
            in.readFully(bytes.array(), 0, 4 * count);
            bytes.asFloatBuffer().get(values, at, count);
        }
    }
}
