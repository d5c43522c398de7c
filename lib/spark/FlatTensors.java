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
import llm.Scopes;

/**
 * The values of several tensors, one after another, in one Java array. They are serialised in blocks of bytes, which is three times as fast
 * as value by value.
 */
final class FlatTensors implements Externalizable {

    private static final long serialVersionUID = 1;
    private static final int BLOCK = 1 << 14; // values

    private float[] values;

    /** No values: what deserialisation starts from. */
    public FlatTensors() {
        this(new float[0]);
    }

    private FlatTensors(float[] values) {
        this.values = values;
    }

    /** Copies the values of tensors. */
    static FlatTensors of(List<NDArray> tensors) {
        FlatTensors all = new FlatTensors(new float[Math.toIntExact(tensors.stream().mapToLong(NDArray::size).sum())]);
        int at = 0;
        for (NDArray tensor : tensors) {
            float[] mine = tensor.toFloatArray();
            System.arraycopy(mine, 0, all.values, at, mine.length);
            at += mine.length;
        }
        return all;
    }

    int size() {
        return values.length;
    }

    /** Calls an action with each of the tensors and its values. */
    void forEach(List<NDArray> tensors, BiConsumer<NDArray, FloatBuffer> action) {
        int at = 0;
        for (NDArray tensor : tensors) {
            FloatBuffer mine = FloatBuffer.wrap(values, at, (int) tensor.size()).slice();
            Scopes.run(() -> action.accept(tensor, mine));
            at += (int) tensor.size();
        }
    }

    /** Adds other values to these, one by one. */
    void add(FlatTensors others) {
        for (int i = 0; i < values.length; i++) {
            values[i] += others.values[i];
        }
    }

    /** The CRC-32C of the values, as bytes. */
    long checksum() {
        CRC32C checksum = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(4 * BLOCK);
        for (int at = 0; at < values.length; at += BLOCK) {
            checksum.update(bytes.array(), 0, block(at, bytes));
        }
        return checksum.getValue();
    }

    /** Copies a block of values into bytes and returns their number. */
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
