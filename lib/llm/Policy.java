package llm;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.jni.JniUtils;
import com.google.gson.JsonElement;
import common.BadInput;
import common.Checksums;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A causal language model and its tokenizer: a Hugging Face folder ({@code config.json}, {@code tokenizer.json},
 * {@code model.safetensors}) in memory. {@code transformers} can load what {@link #save} writes. Closing it frees the weights.
 *
 * <p>If the system property {@code llm.threads} is {@code auto}, as in JShell and notebooks, the engine gets one thread when a small
 * model is loaded, which is fastest with one, and all processors when a wider one is.
 *
 * <p>Seen in {@code notebooks/1-what-is-a-rollout.ipynb} and {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Policy implements AutoCloseable {

    private final String name;
    private final NDManager manager;
    private final ModelConfig config;
    private final Weights weights;
    private final Lora lora;
    private final Kernels kernels;
    private final Kernels sampler; // what to sample with
    private final Decoder decoder;
    private final Tokenizer tokenizer;
    private final Map<String, byte[]> companions; // files that are saved as they were read
    private int endToken = -1; // determined on first use
    private final boolean mixed; // weights in fp32, computing in 16 bits

    private Policy(String name, NDManager manager, ModelConfig config, Weights weights, Lora lora, Kernels kernels,
            Kernels sampler, Map<String, byte[]> companions, Tokenizer tokenizer, boolean mixed) {
        this.name = name;
        this.manager = manager;
        this.config = config;
        this.weights = weights;
        this.lora = lora;
        this.kernels = kernels;
        this.sampler = sampler;
        this.decoder = new Decoder(config, weights, lora, kernels);
        this.companions = companions;
        this.tokenizer = tokenizer;
        this.mixed = mixed;
    }

    /** Loads a model folder in fp32: {@link #load(Path, Device, Precision, boolean)}. */
    public static Policy load(Path folder, Device device) {
        return load(folder, device, Precision.FP32, true);
    }

    /**
     * Loads a model folder. If {@code config.json} ties the output projection to the embedding but the file has both and they differ, they
     * are not tied, as in transformers 5.
     *
     * @param device where to compute: see {@link #device}
     * @param precision precision of the computation
     * @param learning whether the weights will be trained: they are then stored in fp32, whatever the precision of the computation
     * @throws BadInput if a file is missing or malformed, or does not match the others or the folder's {@linkplain Checksums checksums}
     */
    public static Policy load(Path folder, Device device, Precision precision, boolean learning) {
        Checksums.verify(folder);
        ModelConfig stated = ModelConfig.read(folder);
        ModelConfig config = stated.tied() && Checkpoint.open(folder).headDiffers() ? stated.untied() : stated;
        return make(folder, config, precision, learning, device, (manager, kernels) -> Weights.read(folder, config,
                learning || precision == Precision.FP32 ? null : kernels, manager));
    }

    private static Policy make(Path folder, ModelConfig config, Precision precision, boolean learning, Device device,
            BiFunction<NDManager, Kernels, Weights> weights) {
        Scopes.recordNothing();
        if ("auto".equals(System.getProperty("llm.threads")) && Devices.isCpu(device)) {
            JniUtils.setNumThreads(config.hiddenSize() < Probe.WIDE ? 1 : Runtime.getRuntime().availableProcessors());
        }
        Tokenizer tokenizer = Tokenizer.load(folder);
        Map<String, byte[]> companions = Checkpoint.companions(folder);
        NDManager manager = NDManager.newBaseManager(device);
        try {
            Kernels kernels = new Kernels(config, precision, manager);
            ModelConfig ending = withTokenizersEnd(config, tokenizer, companions, folder);
            return new Policy(folder.toString(), manager, ending, weights.apply(manager, kernels), null, kernels, kernels, companions,
                    tokenizer, learning && precision != Precision.FP32);
        } catch (RuntimeException e) {
            tokenizer.close();
            manager.close();
            throw e;
        }
    }

    /** Returns the configuration with the end token of the tokenizer's own configuration added. */
    private static ModelConfig withTokenizersEnd(ModelConfig config, Tokenizer tokenizer, Map<String, byte[]> companions, Path folder) {
        OptionalInt end = tokenizersEnd(tokenizer, companions, folder.toString());
        if (end.isEmpty() || end.getAsInt() >= config.vocabSize() || config.eosTokens().contains(end.getAsInt())) {
            return config;
        }
        List<Integer> ends = new ArrayList<>(config.eosTokens());
        ends.add(end.getAsInt());
        return config.withEosTokens(List.copyOf(ends));
    }

    private static OptionalInt tokenizersEnd(Tokenizer tokenizer, Map<String, byte[]> companions, String folder) {
        String name = "tokenizer_config.json";
        if (!companions.containsKey(name)) {
            return OptionalInt.empty();
        }
        String settings = new String(companions.get(name), StandardCharsets.UTF_8);
        JsonElement end = Json.object(settings, Path.of(folder, name).toString()).get("eos_token");
        if (end != null && end.isJsonObject()) {
            end = end.getAsJsonObject().get("content");
        }
        return end != null && end.isJsonPrimitive() && end.getAsJsonPrimitive().isString() ? tokenizer.token(end.getAsString())
                : OptionalInt.empty();
    }

    /**
     * Loads a model folder with frozen weights, and adapters that were trained on it.
     *
     * @param adapter a {@code peft} folder; null for none
     * @throws BadInput as {@link #load(Path, Device)} and {@link Lora#load}
     */
    public static Policy load(Path folder, Path adapter, Device device, Precision precision) {
        Policy base = load(folder, device, precision, false);
        try {
            return adapter == null ? base : base.adapted(Lora.load(adapter, base.config(), base.manager()));
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /** Creates a policy with random weights for the {@code config.json} and {@code tokenizer.json} of a folder. */
    public static Policy random(Path folder, double deviation, Seed seed, Device device) {
        ModelConfig config = ModelConfig.read(folder);
        return make(folder, config, Precision.FP32, true, device, (manager, kernels) -> Weights.random(config, deviation, seed, manager));
    }

    /**
     * Returns this policy with adapters and frozen weights: only the adapters are trained. The two share everything else, so that this one
     * can serve as the reference of a KL term at no memory cost; close only one of them.
     */
    public Policy adapted(Lora adapters) {
        return new Policy(name, manager, config, weights, adapters, kernels, sampler, companions, tokenizer, mixed);
    }

    /**
     * Returns this policy with further stop tokens: base models prompted with a chat template may end their turn with a token that their
     * configuration does not name. The two share everything; close only one of them.
     *
     * @param texts of the tokens, such as {@code <|im_end|>}
     * @throws BadInput if a text is not a single token
     */
    public Policy endingAlsoAt(List<String> texts) {
        List<Integer> ends = new ArrayList<>(config.eosTokens());
        for (String text : texts) {
            int[] tokens = encode(text);
            BadInput.unless(tokens.length == 1, "stop token \"%s\": is %d tokens of this model's tokenizer, not one", text, tokens.length);
            ends.add(tokens[0]);
        }
        return new Policy(name, manager, config.withEosTokens(List.copyOf(ends)), weights, lora, kernels, sampler, companions, tokenizer,
                mixed);
    }

    /**
     * Returns this policy with weights rounded for sampling, see {@link Precision#toSample}. Log-probabilities of sampled tokens then
     * differ from the learner's by about 0.01 nats per token in bf16: give the learner an importance cap. The two share everything else.
     */
    public Policy sampledIn(Precision precision) {
        return precision == sampler.precision() ? this : sampledBy(new Kernels(config, precision, manager));
    }

    /** Returns the same with or without oneDNN for sampling on a CPU, which {@link Probe} chooses; itself on another device. */
    public Policy sampledBy(boolean oneDnn) {
        return !Devices.isCpu(manager.getDevice()) || oneDnn == byOneDnn() ? this
                : sampledBy(new Kernels(config, sampler.precision(), oneDnn, manager));
    }

    /** Returns whether oneDNN multiplies matrices in sampling, not MKL: their results differ in the last bits. */
    public boolean byOneDnn() {
        return sampler.fastDecode().byOneDnn();
    }

    private Policy sampledBy(Kernels other) {
        return new Policy(name, manager, config, weights, lora, kernels, other, companions, tokenizer, mixed);
    }

    /** Returns whether sampling and learning use different precisions. */
    public boolean sampledApart() {
        return sampler.precision() != kernels.precision();
    }

    /**
     * Calls {@code work} with this policy for sampling: trainable fp32 weights that are used in 16 bits are converted once instead of in
     * every step. The policy passed to {@code work} is valid until it returns.
     */
    public <T> T sampling(Function<Policy, T> work) {
        if (!mixed && sampler == kernels) {
            return work.apply(this);
        }
        Scopes.recordNothing();
        try (NDManager scratch = manager.newSubManager()) {
            Weights rounded = mixed || sampledApart() ? weights.narrowed(sampler, scratch) : weights;
            return work.apply(new Policy(name, manager, config, rounded, lora, sampler, sampler, companions, tokenizer, false));
        }
    }

    /** Samples in one call. */
    public FastDecode fastDecode() {
        return kernels.fastDecode();
    }

    /** Returns the adapters; null if there are none. */
    Lora lora() {
        return lora;
    }

    /** Bytes of the keys and values of a row of so many tokens. */
    public long cacheBytes(int tokens) {
        return 2L * config.layers() * config.kvHeads() * FastDecode.padded(config.headDim()) * tokens * kernels.precision().bytes();
    }

    /** Creates an empty key-value cache with these numbers of rows and slots. */
    public KvCache cache(int rows, int slots) {
        return new KvCache(config, kernels, rows, slots, manager);
    }

    /**
     * Returns the device named {@code auto}, {@code cpu}, {@code gpu} or {@code mps}, an Apple GPU. {@code auto} is a CUDA device if there
     * is one, else the CPU.
     *
     * @throws BadInput if a GPU is requested and there is none
     */
    public static Device device(String name) {
        return Devices.named(name, System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    /** Writes the trained parameters, without checksums: the adapters as a {@code peft} folder if there are any, else the whole model. */
    public void saveLearned(Path folder) throws IOException {
        if (lora == null) {
            write(folder, Precision.FP32);
        } else {
            lora.save(folder, name);
        }
    }

    /**
     * Writes a model folder with fp32 weights and {@linkplain Checksums checksums}, replacing existing files. Adapters are merged into the
     * weights; {@link Lora#save} writes only the adapters.
     */
    public void save(Path folder) throws IOException {
        save(folder, Precision.FP32);
    }

    /** Writes a model folder with weights in fp32 or bf16. */
    public void save(Path folder, Precision precision) throws IOException {
        write(folder, precision);
        Checksums.write(folder);
    }

    private void write(Path folder, Precision precision) throws IOException {
        BadInput.unless(precision != Precision.FP16, "weights are saved in fp32 or bf16, not in fp16");
        Files.createDirectories(folder);
        config.saved(precision == Precision.FP32 ? "float32" : "bfloat16").write(folder);
        for (Map.Entry<String, byte[]> file : companions.entrySet()) {
            Files.write(folder.resolve(file.getKey()), file.getValue());
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Map<String, NDArray> named = weights.named(config);
            Safetensors.write(folder.resolve("model.safetensors"), Weights.shapes(config),
                    precision == Precision.FP32 ? "F32" : "BF16", tensor -> {
                        NDArray wide = kernels.wide(named.get(tensor));
                        return lora == null ? wide : lora.merged(tensor, wide);
                    });
        }
    }

    /** Returns the tokens of a text, see {@link Tokenizer#encode}. */
    public int[] encode(String text) {
        int[] tokens = tokenizer.encode(text);
        for (int token : tokens) {
            BadInput.unless(token < config.vocabSize(), "%s: tokenizer.json has token %d, but config.json a vocabulary of %d", name, token,
                    config.vocabSize());
        }
        return tokens;
    }

    /** Returns the text of tokens without special tokens. */
    public String decode(int[] tokens) {
        return tokenizer.decode(tokens);
    }

    /** Returns an array in the precision of the computation. */
    NDArray narrow(NDArray array) {
        return kernels.precision() == Precision.FP32 ? array : kernels.narrow(array);
    }

    /** Returns the precision of the computation. */
    public Precision precision() {
        return kernels.precision();
    }

    /** Blocks with their derivatives, on a CPU. */
    BlockKernels blockKernels() {
        return kernels.blocks();
    }

    /** Returns an fp32 copy of an array that may be in 16 bits. */
    NDArray wide(NDArray array) {
        return kernels.wide(array);
    }

    /** Returns the tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * Returns the token that ends a demonstration: the tokenizer's end token if the model stops at it, else the model's first stop token.
     */
    public int endToken() {
        if (endToken < 0) {
            BadInput.unless(!config.eosTokens().isEmpty(), "%s: config.json has no eos_token_id, so no completion can end", name);
            int end = tokenizersEnd(tokenizer, companions, name).orElse(-1);
            endToken = config.eosTokens().contains(end) ? end : config.eosTokens().get(0);
        }
        return endToken;
    }

    /** Returns the trainable arrays: those of the adapters if there are any, else all weights. */
    public List<NDArray> parameters() {
        return lora == null ? weights.parameters() : lora.parameters();
    }

    /** Returns the configuration. */
    public ModelConfig config() {
        return config;
    }

    /** Returns the weights of the model, without adapters. */
    public Weights weights() {
        return weights;
    }

    /** Returns the decoder. */
    public Decoder decoder() {
        return decoder;
    }

    /** Returns the manager that owns the weights; its device is the policy's. */
    public NDManager manager() {
        return manager;
    }

    @Override
    public void close() {
        tokenizer.close();
        manager.close();
    }

    @Override
    public String toString() {
        long count = weights.parameters().stream().mapToLong(p -> p.getShape().size()).sum();
        return "Policy[%d layers, width %d, %d tokens, %,d parameters, %s]".formatted(config.layers(), config.hiddenSize(),
                config.vocabSize(), count, manager.getDevice());
    }
}
