package lppo.rollout;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import common.BadInput;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import llm.FastDecode;
import llm.KvCache;
import llm.Policy;
import llm.Rotary;
import llm.Scopes;
import lppo.data.Step;

/**
 * Batched sampling with a key-value cache, on the GPU if the policy is there, else on the CPU. Each distinct prompt is processed once,
 * regardless of its number of completions; all completions are decoded together, and finished ones leave the batch.
 *
 * <p>Tokens are sampled by inverting the cumulative distribution at a uniform random number keyed by (seed, step, problem,
 * index within the problem) and position, so that no draw depends on what else is in the batch. A completion ends at the
 * maximum length or where the model's positions end.
 *
 * <p>Seen in {@code notebooks/1-what-is-a-rollout.ipynb}.
 *
 * @param policy to sample from
 * @param sampling sampling settings
 * @param maxRows maximum number of completions decoded at a time; on a CPU fewer if their keys and values would take more than 4 GB, or if
 *     their different prompts have more than 16,384 tokens in total
 * @param plain whether to decode by plain array operations even where {@link FastDecode} can: the reference that it is
 *     tested against
 * @param progress told which share of the work of a {@link #sample} is done, in (0, 1], rising to 1: some times a second, from another
 *     thread; on a GPU and by plain operations only after each batch. A row that has ended counts as all tokens that it could have had.
 *     Null for nobody
 */
public record GpuRollout(Policy policy, Sampling sampling, int maxRows, boolean plain, DoubleConsumer progress) implements Rollout {

    private static final double COMPACT_BELOW = 0.8; // moving the cache costs about a decoding step
    /** Most bytes of keys and values at a time, on a CPU. */
    public static final long CACHE_BYTES = 4L << 30;
    private static final long PROMPT_TOKENS = 1 << 14; // that run through the model at once, padded

    public GpuRollout {
        BadInput.unless(maxRows > 0, "rollout rows %d: must be positive", maxRows);
    }

    /** Creates a rollout with a maximum number of rows. */
    public GpuRollout(Policy policy, Sampling sampling, int maxRows) {
        this(policy, sampling, maxRows, false, null);
    }

    /** Creates a rollout that tells nobody how far it is. */
    public GpuRollout(Policy policy, Sampling sampling, int maxRows, boolean plain) {
        this(policy, sampling, maxRows, plain, null);
    }

    /** Returns this rollout with somebody to be told how far it is: see {@link #progress}. */
    public GpuRollout telling(DoubleConsumer listener) {
        return new GpuRollout(policy, sampling, maxRows, plain, listener);
    }

    /** Creates a rollout at temperature 1 with at most 1024 rows at a time. */
    public static GpuRollout of(Policy policy, int longest) {
        return new GpuRollout(policy, Sampling.plain(longest), 1024);
    }

    @Override
    public List<Group> sample(List<Prompt> prompts, Step step) {
        return policy.sampling(narrowed -> new GpuRollout(narrowed, sampling, maxRows, plain, progress).decoded(prompts, step));
    }

    private List<Group> decoded(List<Prompt> prompts, Step step) {
        Scopes.recordNothing();
        List<Row> rows = rows(prompts, step);
        try (FastDecode.Packed packed = plain ? null : policy.fastDecode().packed(policy);
                RolloutWatch watch = new RolloutWatch(progress, room(rows))) {
            for (List<Row> batch : batches(rows)) {
                ByteBuffer left = watch.begin(room(batch));
                Scopes.run(() -> decode(batch, packed, left));
                watch.end();
            }
        }
        return Group.of(rows.stream().map(Row::completion).toList());
    }

    /** The most tokens that the rows may get. */
    private static long room(List<Row> rows) {
        return rows.stream().mapToLong(row -> row.tokens.length).sum();
    }

    /**
     * What is decoded together: rows by the length of their prompts, so that few are padded much; as many as {@link #maxRows}, the
     * memory of the cache and that of the prompts allow.
     */
    private List<List<Row>> batches(List<Row> rows) {
        List<Row> sorted = new ArrayList<>(rows);
        sorted.sort(Comparator.comparingInt(row -> row.prompt.tokens().length)); // stable: a group stays together
        List<List<Row>> batches = new ArrayList<>();
        List<Row> batch = new ArrayList<>();
        Set<List<Integer>> different = new HashSet<>();
        boolean limited = !policy.manager().getDevice().isGpu();
        int room = 0;
        for (Row row : sorted) {
            int length = FastDecode.padded(row.prompt.tokens().length);
            List<Integer> prompt = IntStream.of(row.prompt.tokens()).boxed().toList();
            int most = Math.max(room, row.tokens.length);
            long cache = policy.cacheBytes(length + most) * FastDecode.padded(batch.size() + 1);
            long prompts = (different.size() + (different.contains(prompt) ? 0L : 1)) * length;
            if (!batch.isEmpty() && (batch.size() == maxRows || limited && batch.size() % FastDecode.padded(1) == 0
                    && (cache > CACHE_BYTES || prompts > PROMPT_TOKENS))) {
                batches.add(batch);
                batch = new ArrayList<>();
                different.clear();
                most = row.tokens.length;
            }
            batch.add(row);
            different.add(prompt);
            room = most;
        }
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        return batches;
    }

    private List<Row> rows(List<Prompt> prompts, Step step) {
        Map<String, Integer> indices = new HashMap<>();
        List<Row> rows = new ArrayList<>();
        for (Prompt prompt : prompts) {
            int length = prompt.tokens().length;
            BadInput.unless(length > 0, "problem %s: its prompt has no tokens", prompt.problem().id());
            int room = policy.config().maxPositions() - length;
            BadInput.unless(room > 0, "problem %s: its prompt of %d tokens fills the model's %d positions", prompt.problem().id(),
                    length, policy.config().maxPositions());
            String id = prompt.problem().id();
            int index = indices.merge(id, 1, Integer::sum) - 1;
            rows.add(new Row(prompt, step.random("rollout", id, index), Math.min(room, sampling.maxNewTokens())));
        }
        return rows;
    }

    private void decode(List<Row> rows, FastDecode.Packed packed, ByteBuffer left) {
        Map<List<Integer>, Integer> prefillRow = new LinkedHashMap<>();
        List<int[]> prefill = new ArrayList<>();
        long[] source = new long[rows.size()];
        for (int i = 0; i < source.length; i++) {
            int[] tokens = rows.get(i).prompt.tokens();
            source[i] = prefillRow.computeIfAbsent(IntStream.of(tokens).boxed().toList(), key -> {
                prefill.add(tokens);
                return prefill.size() - 1;
            });
        }
        if (plain) {
            decode(rows, prefill, source);
        } else {
            decode(rows, prefill, source, policy.fastDecode(), packed, left);
        }
    }

    /** In one call. */
    private void decode(List<Row> rows, List<int[]> prefill, long[] source, FastDecode fast, FastDecode.Packed packed, ByteBuffer left) {
        int[] room = rows.stream().mapToInt(row -> row.tokens.length).toArray();
        float[][] uniform = new float[room.length][];
        for (int i = 0; i < room.length; i++) {
            uniform[i] = new float[room[i]];
            for (int j = 0; j < room[i]; j++) {
                uniform[i][j] = rows.get(i).uniform();
            }
        }
        FastDecode.Drawn drawn = fast.sample(policy, packed, prefill, Arrays.stream(source).mapToInt(i -> (int) i).toArray(), room,
                uniform, sampling.temperature(), sampling.topK(), sampling.topP(), left);
        int columns = FastDecode.padded(room.length);
        for (int i = 0; i < room.length; i++) {
            for (int j = 0; !rows.get(i).done; j++) {
                rows.get(i).append((int) drawn.tokens()[j * columns + i], drawn.logProbs()[j * columns + i], policy.config().eosTokens());
            }
        }
    }

    /** By plain operations. */
    private void decode(List<Row> rows, List<int[]> prefill, long[] source) {
        int longest = prefill.stream().mapToInt(tokens -> tokens.length).max().orElseThrow();
        int capacity = capacity(rows, longest);
        NDManager manager = policy.manager();
        try (KvCache cache = policy.cache(prefill.size(), capacity)) {
            NDArray table = Scopes.keep(() -> prefill(prefill, longest, cache, manager)); // [prompts, vocab]
            cache.select(manager.create(source));
            decodeRows(rows, table.get(manager.create(source)), longest, cache);
        }
    }

    /** Slots of the cache: the longest prompt, then the longest completion that any row may reach. */
    private static int capacity(List<Row> rows, int longest) {
        return longest + rows.stream().mapToInt(row -> row.tokens.length).max().orElseThrow();
    }

    /** Runs the prompts, padded on the right; returns the logits after each prompt's last token. */
    private NDArray prefill(List<int[]> prompts, int longest, KvCache cache, NDManager manager) {
        long[] tokens = new long[prompts.size() * longest];
        long[] last = new long[prompts.size()];
        for (int i = 0; i < last.length; i++) {
            int[] prompt = prompts.get(i);
            for (int j = 0; j < prompt.length; j++) {
                tokens[i * longest + j] = prompt[j];
            }
            last[i] = (long) i * longest + prompt.length - 1;
        }
        NDArray hidden = policy.decoder()
                .hidden(manager.create(tokens, new Shape(prompts.size(), longest)), cache); // [B, T, C]
        NDArray flat = hidden.reshape(-1, policy.config().hiddenSize());
        return policy.decoder().logits(flat.get(manager.create(last)));
    }

    private void decodeRows(List<Row> rows, NDArray firstLogits, int longest, KvCache cache) {
        NDManager manager = policy.manager();
        Rotary table = Rotary.table(policy.config(), capacity(rows, longest), manager);
        List<Row> slots = new ArrayList<>(rows); // the completion in each row of the cache
        NDArray[] gaps = {gaps(rows, longest, manager)};
        long[] sampled = draw(firstLogits, slots);
        while (true) {
            long active = slots.stream().filter(row -> !row.done).count();
            if (active == 0) {
                return;
            }
            if (active < COMPACT_BELOW * slots.size()) {
                long[] kept = IntStream.range(0, slots.size()).filter(i -> !slots.get(i).done).asLongStream().toArray();
                long[] tokens = sampled;
                sampled = Arrays.stream(kept).map(i -> tokens[(int) i]).toArray();
                NDArray index = manager.create(kept);
                cache.select(index);
                if (gaps[0] != null) {
                    gaps[0] = gaps[0].get(index);
                }
                slots.removeIf(row -> row.done);
            }
            long[] input = sampled;
            long[][] output = new long[1][];
            Scopes.run(() -> output[0] = step(slots, input, table, gaps[0], cache));
            sampled = output[0];
        }
    }

    private long[] step(List<Row> slots, long[] tokens, Rotary table, NDArray gaps, KvCache cache) {
        NDManager manager = policy.manager();
        long[] positions = slots.stream().mapToLong(row -> row.prompt.tokens().length + row.length - 1L).toArray();
        NDArray mask = gaps == null ? null
                : gaps.get(new NDIndex().addAllDim(3).addSliceDim(0, cache.length() + 1)); // [B, 1, 1, S]
        NDArray hidden = policy.decoder().step(manager.create(tokens, new Shape(tokens.length, 1)),
                table.at(manager.create(positions)), mask, cache); // [B, 1, C]
        return draw(policy.decoder().logits(hidden.squeeze(1)), slots);
    }

    /** {@code [B, 1, 1, capacity]}: minus infinity in the slots between a row's prompt and the longest; null if none. */
    private NDArray gaps(List<Row> rows, int longest, NDManager manager) {
        if (rows.stream().allMatch(row -> row.prompt.tokens().length == longest)) {
            return null;
        }
        int capacity = capacity(rows, longest);
        float[] mask = new float[rows.size() * capacity];
        for (int i = 0; i < rows.size(); i++) {
            Arrays.fill(mask, i * capacity + rows.get(i).prompt.tokens().length, i * capacity + longest,
                    Float.NEGATIVE_INFINITY);
        }
        return manager.create(mask, new Shape(rows.size(), 1, 1, capacity));
    }

    /** Draws the next token of each row from logits {@code [B, vocab]} and appends it; returns the tokens. */
    private long[] draw(NDArray logits, List<Row> slots) {
        long[][] drawn = new long[1][];
        Scopes.run(() -> {
            double temperature = sampling.temperature();
            NDArray logProbs = (temperature == 0 || temperature == 1 ? logits : logits.div(temperature)).logSoftmax(-1);
            NDArray tokens = temperature == 0 ? logProbs.argMax(-1) : invert(truncate(logProbs.exp()), slots); // [B]
            float[] chosen = logProbs.gather(tokens.expandDims(-1), -1).toFloatArray();
            drawn[0] = tokens.toLongArray();
            for (int i = 0; i < slots.size(); i++) {
                slots.get(i).append((int) drawn[0][i], chosen[i], policy.config().eosTokens());
            }
        });
        return drawn[0];
    }

    /** The first token at which the distribution function exceeds a uniform number, {@code [B]}. */
    private NDArray invert(NDArray probabilities, List<Row> slots) {
        float[] uniform = new float[slots.size()];
        for (int i = 0; i < uniform.length; i++) {
            uniform[i] = slots.get(i).uniform();
        }
        NDArray cumulative = probabilities.cumSum(-1); // [B, vocab]
        long vocab = cumulative.getShape().get(1);
        NDArray total = cumulative.get(new NDIndex().addAllDim().addSliceDim(vocab - 1, vocab));
        NDArray threshold = total.mul(policy.manager().create(uniform, new Shape(uniform.length, 1)));
        return cumulative.lte(threshold).toType(DataType.INT64, false).sum(new int[] {-1}).clip(0, vocab - 1);
    }

    /** Zeroes the probabilities outside top-k and top-p; ties with the last kept token are kept. */
    private NDArray truncate(NDArray probabilities) {
        NDArray kept = probabilities;
        long vocab = probabilities.getShape().get(1);
        if (sampling.topK() > 0 && sampling.topK() < vocab) {
            NDArray sorted = kept.sort(-1).flip(1);
            NDArray last = sorted.get(new NDIndex().addAllDim().addSliceDim(sampling.topK() - 1, sampling.topK()));
            kept = kept.mul(kept.gte(last).toType(DataType.FLOAT32, false));
        }
        if (sampling.topP() < 1) {
            NDArray sorted = kept.sort(-1).flip(1);
            NDArray before = sorted.cumSum(-1).sub(sorted).div(kept.sum(new int[] {-1}, true));
            NDArray count = before.lt(sampling.topP()).toType(DataType.INT64, false).sum(new int[] {-1}, true);
            kept = kept.mul(kept.gte(sorted.gather(count.sub(1), -1)).toType(DataType.FLOAT32, false));
        }
        return kept;
    }

    /** One completion while it grows. */
    private static final class Row {

        private final Prompt prompt;
        private final SplittableRandom random;
        private final int[] tokens;
        private final float[] logProbs;
        private int length;
        private boolean done;
        private boolean stopped;

        Row(Prompt prompt, SplittableRandom random, int maxNewTokens) {
            this.prompt = prompt;
            this.random = random;
            this.tokens = new int[maxNewTokens];
            this.logProbs = new float[maxNewTokens];
        }

        float uniform() {
            return Math.min((float) random.nextDouble(), Math.nextDown(1f));
        }

        void append(int token, float logProb, List<Integer> stopTokens) {
            if (done) {
                return;
            }
            tokens[length] = token;
            logProbs[length++] = logProb;
            stopped = stopTokens.contains(token);
            done = stopped || length == tokens.length;
        }

        Completion completion() {
            return new Completion(prompt, Arrays.copyOf(tokens, length), Arrays.copyOf(logProbs, length),
                    stopped ? Completion.Finish.STOP : Completion.Finish.LENGTH, Double.NaN);
        }
    }
}
