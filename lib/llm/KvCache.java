package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

/**
 * Keys and values of the tokens seen so far, per layer {@code [batch, kvHeads, capacity, headDim]}, written in place.
 * Slots are columns shared by all rows; a row whose prompt is shorter than the longest leaves a gap, which attention
 * must mask. A cache owns its arrays and must be closed.
 */
public final class KvCache implements AutoCloseable {

    private final NDManager manager;
    private NDArray[] keys;
    private NDArray[] values;
    private int length;

    /** An empty cache of {@code batch} rows and {@code capacity} slots, in the precision of the kernels. */
    KvCache(ModelConfig config, Kernels kernels, int batch, int capacity, NDManager parent) {
        manager = parent.newSubManager();
        keys = new NDArray[config.layers()];
        values = new NDArray[config.layers()];
        Shape shape = new Shape(batch, config.kvHeads(), capacity, config.headDim());
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer] = owned(kernels.zeros(shape, manager));
            values[layer] = owned(kernels.zeros(shape, manager));
        }
    }

    /** Returns the number of slots in use. */
    public int length() {
        return length;
    }

    /** Writes keys and values {@code [batch, kvHeads, time, headDim]} of one layer into the next {@code time} slots. */
    void write(int layer, NDArray key, NDArray value) {
        NDIndex slots = slots(length, length + key.getShape().get(2));
        keys[layer].set(slots, key);
        values[layer].set(slots, value);
    }

    /** Forgets all slots from this one on, which must be in use. */
    void truncate(int kept) {
        length = kept;
    }

    /** Copies the first slots of a cache of as many rows into this one, which is empty. */
    void begin(KvCache other, int kept) {
        for (int layer = 0; kept > 0 && layer < keys.length; layer++) {
            write(layer, other.keys(layer, kept), other.values(layer, kept));
        }
        length = kept;
    }

    /** Marks {@code time} slots as used, once all layers have written them. */
    void advance(int time) {
        length += time;
    }

    /** Returns a view of the keys of a layer up to slot {@code end}, {@code [batch, kvHeads, end, headDim]}. */
    NDArray keys(int layer, long end) {
        return keys[layer].get(slots(0, end));
    }

    /** Returns a view of the values of a layer up to slot {@code end}, {@code [batch, kvHeads, end, headDim]}. */
    NDArray values(int layer, long end) {
        return values[layer].get(slots(0, end));
    }

    /**
     * Keeps only the given rows, in the given order; a row may be given several times (one prompt, many completions).
     *
     * @param rows indices of rows, {@code [newBatch]} int64
     */
    public void select(NDArray rows) {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer] = replace(keys[layer], rows);
            values[layer] = replace(values[layer], rows);
        }
    }

    private NDArray replace(NDArray array, NDArray rows) {
        NDArray selected = owned(array.get(rows));
        selected.attach(manager);
        array.close();
        return selected;
    }

    private static NDArray owned(NDArray array) {
        NDScope.unregister(array);
        return array;
    }

    private static NDIndex slots(long begin, long end) {
        return new NDIndex().addAllDim(2).addSliceDim(begin, end);
    }

    @Override
    public void close() {
        manager.close();
    }
}
