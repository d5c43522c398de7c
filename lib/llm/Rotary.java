package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

/**
 * Rotary position embedding (arXiv 2104.09864) in Hugging Face's layout: dimension i is rotated together with dimension
 * i + D/2 by the angle position * frequency(i), see {@link Rope}.
 *
 * @param cos cosines, {@code [T, D]} or {@code [B, 1, 1, D]}
 * @param sin sines, the first half negated, of the same shape
 */
public record Rotary(NDArray cos, NDArray sin) {

    /** The rotations of positions 0 to {@code time - 1}, {@code [T, D]}. */
    public static Rotary table(ModelConfig config, int time, NDManager manager) {
        int dim = config.headDim();
        float[] frequencies = config.rope().frequencies();
        double scale = config.rope().scale();
        float[] cos = new float[time * dim];
        float[] sin = new float[time * dim];
        for (int i = 0; i < dim / 2; i++) {
            for (int position = 0; position < time; position++) {
                float angle = position * frequencies[i];
                int at = position * dim + i;
                cos[at] = cos[at + dim / 2] = (float) (scale * Math.cos(angle));
                sin[at] = -(float) (scale * Math.sin(angle));
                sin[at + dim / 2] = -sin[at];
            }
        }
        Shape shape = new Shape(time, dim);
        return new Rotary(manager.create(cos, shape), manager.create(sin, shape));
    }

    /** The rotations of one model, computed once. They belong to the manager. */
    static final class Table {

        private final ModelConfig config;
        private final NDManager manager;
        private Rotary longest;

        Table(ModelConfig config, NDManager manager) {
            this.config = config;
            this.manager = manager;
        }

        /** Those of positions 0 to {@code time - 1}, {@code [T, D]}: views in the current scope. */
        synchronized Rotary first(int time) {
            if (longest == null || longest.cos.getShape().get(0) < time) {
                Rotary old = longest;
                longest = table(config, old == null ? time : Math.max(time, (int) (2 * old.cos.getShape().get(0))), manager);
                NDScope.unregister(longest.cos, longest.sin);
                if (old != null) {
                    old.cos.close();
                    old.sin.close();
                }
            }
            NDIndex part = new NDIndex().addSliceDim(0, time);
            return new Rotary(longest.cos.get(part), longest.sin.get(part));
        }
    }

    /** The rotations of the given positions ({@code [B]} int64) from a table, {@code [B, 1, 1, D]}. */
    public Rotary at(NDArray positions) {
        return new Rotary(cos.get(positions).expandDims(1).expandDims(1), sin.get(positions).expandDims(1).expandDims(1));
    }

    /** Rotates queries or keys {@code [B, heads, T, D]}. */
    NDArray rotate(NDArray x) {
        var halves = x.split(2, 3);
        return x.mul(cos).add(halves.get(1).concat(halves.get(0), 3).mul(sin));
    }
}
