package commands;

import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.Table;

/**
 * Estimates the duration of a step of Qwen2.5-Math-7B with adapters of rank 16 on n GPUs, from rates that {@link BenchCluster} measured on
 * a small policy and from assumptions; this is not a measurement.
 *
 * @param looking seconds per byte of trainable weights to check and broadcast them, on the driver
 * @param fetching seconds per byte to check and fetch them, on an executor
 * @param gathering seconds per byte of gradients, from one executor to the driver
 * @param driver seconds per byte of gradients to convert them to tensors and run AdamW
 */
record BenchForecast(double looking, double fetching, double gathering, double driver) {

    private static final double PARAMETERS = 7.6e9; // in 16 bits
    private static final double TRAINABLE = 4 * 40.4e6; // bytes of adapters
    private static final int COMPLETIONS = 1024;
    private static final double TOKENS = 1100.0 * COMPLETIONS; // with prompts
    private static final int LONGEST = 3072; // tokens of the longest completion
    private static final double CACHE = 57_344; // bytes of keys and values per token: 28 layers, 4 heads of 128
    private static final double MEMORY = 3.35e12; // bytes per second that a GPU reads
    private static final double OPERATIONS = 4e14; // per second, of a GPU that trains
    private static final double NETWORK = 1.25e9; // bytes per second into the driver
    private static final int MICRO = 69; // of 16,384 tokens
    private static final int GETTERS = 4; // spark.resultGetter.threads

    /** Returns a table with a row per number of GPUs. */
    Table table() {
        int[] gpus = {8, 16, 32, 64};
        Table table = Table.create("a step of 7 billion parameters, seconds", IntColumn.create("GPUs", gpus));
        String[] names = {"rollout", "update", "weights", "gradients, ordered", "gradients, tree", "driver", "step, tree"};
        double[][] columns = new double[names.length][gpus.length];
        for (int i = 0; i < gpus.length; i++) {
            int n = gpus[i];
            // each token of the longest completion reads all weights, however few rows there are, and on average half of the cache
            double rollout = LONGEST * 2 * PARAMETERS / MEMORY + TOKENS / n * 550 * CACHE / MEMORY;
            double update = 4 * PARAMETERS * TOKENS / OPERATIONS // forward, and backward to activations alone
                    * Math.ceil((double) MICRO / n) / MICRO;
            double weights = TRAINABLE * (looking + fetching);
            double into = TRAINABLE * Math.max(gathering / GETTERS, 1 / NETWORK); // one gradient into a process that receives many
            double ordered = Math.max(MICRO * into, MICRO * TRAINABLE * gathering / n);
            int middle = n / (int) Math.ceil(Math.sqrt(n)); // executors that treeAggregate adds on first
            double tree = (Math.ceil((double) n / middle) + middle) * into;
            double own = TRAINABLE * driver;
            double[] row = {rollout, update, weights, ordered, tree, own, rollout + update + weights + tree + own};
            for (int column = 0; column < row.length; column++) {
                columns[column][i] = Math.round(10 * row[column]) / 10.0;
            }
        }
        for (int column = 0; column < names.length; column++) {
            table.addColumns(DoubleColumn.create(names[column], columns[column]));
        }
        return table;
    }
}
