package lppo.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import lppo.data.BadInput;
import lppo.data.Seed;

/**
 * A causal language model and its tokenizer: a Hugging Face folder ({@code config.json}, {@code tokenizer.json},
 * {@code model.safetensors}) in memory. What {@link #save} writes, {@code transformers} loads. Close it to free the
 * weights.
 *
 * <p>Seen in {@code notebooks/1-what-is-a-rollout.ipynb} and {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Policy implements AutoCloseable {

    private final String name;
    private final NDManager manager;
    private final ModelConfig config;
    private final Weights weights;
    private final Lora lora;
    private final Decoder decoder;
    private final HuggingFaceTokenizer tokenizer;
    private final String tokenizerJson;

    private Policy(String name, NDManager manager, ModelConfig config, Weights weights, Lora lora, String tokenizerJson,
            HuggingFaceTokenizer tokenizer) {
        this.name = name;
        this.manager = manager;
        this.config = config;
        this.weights = weights;
        this.lora = lora;
        this.decoder = new Decoder(config, weights, lora);
        this.tokenizerJson = tokenizerJson;
        this.tokenizer = tokenizer;
    }

    /**
     * Reads a model folder.
     *
     * @param device where to compute: see {@link #device}
     * @throws BadInput if a file is missing, malformed or does not fit the others
     */
    public static Policy load(Path folder, Device device) {
        ModelConfig config = ModelConfig.read(folder);
        String tokenizerJson = tokenizerJson(folder);
        NDManager manager = NDManager.newBaseManager(device);
        try {
            Weights weights = Weights.read(folder.resolve("model.safetensors"), config, manager);
            return new Policy(folder.toString(), manager, config, weights, null, tokenizerJson, tokenizer(folder.resolve("tokenizer.json")));
        } catch (RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /**
     * Reads a model folder, and adapters that were trained on it.
     *
     * @param adapter a {@code peft} folder; null for none
     * @throws BadInput as {@link #load(Path, Device)} and {@link Lora#load}
     */
    public static Policy load(Path folder, Path adapter, Device device) {
        Policy base = load(folder, device);
        try {
            return adapter == null ? base : base.adapted(Lora.load(adapter, base.config(), base.manager()));
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /** A policy with fresh random weights for the {@code config.json} and {@code tokenizer.json} of a folder. */
    public static Policy random(Path folder, double deviation, Seed seed, Device device) {
        ModelConfig config = ModelConfig.read(folder);
        NDManager manager = NDManager.newBaseManager(device);
        return new Policy(folder.toString(), manager, config, Weights.random(config, deviation, seed, manager), null, tokenizerJson(folder),
                tokenizer(folder.resolve("tokenizer.json")));
    }

    /**
     * This policy with adapters beside its weights, which stay as they are: only the adapters learn. The two share everything
     * else, so that this one can serve as the reference of a KL term at no memory; close only one of them.
     */
    public Policy adapted(Lora adapters) {
        return new Policy(name, manager, config, weights, adapters, tokenizerJson, tokenizer);
    }

    /**
     * The device that {@code auto}, {@code cpu} or {@code gpu} names.
     *
     * @throws BadInput if a GPU is asked for and there is none
     */
    public static Device device(String name) {
        return switch (name) {
            case "cpu" -> Device.cpu();
            case "auto" -> gpus() > 0 ? Device.gpu() : Device.cpu();
            case "gpu" -> {
                BadInput.unless(gpus() > 0, "--device gpu: no CUDA device is visible to the engine; use --device cpu");
                yield Device.gpu();
            }
            default -> throw new BadInput("--device " + name + ": choose auto, cpu or gpu");
        };
    }

    private static int gpus() {
        try {
            return Engine.getEngine("PyTorch").getGpuCount();
        } catch (EngineException e) {
            throw new BadInput("the PyTorch engine cannot start (" + e.getMessage()
                    + "); offline, its native library must be on the class path", e);
        }
    }

    /** Writes what has been learned: the adapters as a {@code peft} folder if there are any, else the whole model. */
    public void saveLearned(Path folder) throws IOException {
        if (lora == null) {
            save(folder);
        } else {
            lora.save(folder, name);
        }
    }

    /**
     * Writes the folder that {@link #load} reads; existing files are replaced. Adapters are merged into the weights:
     * {@link Lora#save} writes them alone.
     */
    public void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        config.write(folder);
        Files.writeString(folder.resolve("tokenizer.json"), tokenizerJson);
        IOException[] failure = new IOException[1];
        Scopes.run(() -> {
            try {
                Map<String, NDArray> named = weights.named(config);
                Safetensors.write(folder.resolve("model.safetensors"), lora == null ? named : lora.merged(named));
            } catch (IOException e) {
                failure[0] = e;
            }
        });
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    /** The tokens of a text, without special tokens. */
    public int[] encode(String text) {
        return LongStream.of(tokenizer.encode(text, false, false).getIds()).mapToInt(Math::toIntExact).toArray();
    }

    /** The text of tokens, special tokens left out. */
    public String decode(int[] tokens) {
        return tokenizer.decode(IntStream.of(tokens).asLongStream().toArray(), true);
    }

    /** The token that ends a completion. */
    public int endToken() {
        BadInput.unless(!config.eosTokens().isEmpty(), "config.json: eos_token_id is missing");
        return config.eosTokens().get(0);
    }

    /** The arrays that learn: the adapters if there are any, else all weights. */
    public List<NDArray> parameters() {
        return lora == null ? weights.parameters() : lora.parameters();
    }

    /** What {@code config.json} says. */
    public ModelConfig config() {
        return config;
    }

    /** The arrays of the model, without adapters. */
    public Weights weights() {
        return weights;
    }

    /** The computation. */
    public Decoder decoder() {
        return decoder;
    }

    /** The manager that owns the weights; its device is the policy's. */
    public NDManager manager() {
        return manager;
    }

    @Override
    public void close() {
        tokenizer.close();
        manager.close();
    }

    private static String tokenizerJson(Path folder) {
        Path file = folder.resolve("tokenizer.json");
        BadInput.unless(Files.isRegularFile(file), "%s: missing, so %s is not a Hugging Face model folder", file, folder);
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static HuggingFaceTokenizer tokenizer(Path file) {
        try {
            return HuggingFaceTokenizer.newInstance(file, Map.of("padding", "false", "truncation", "false"));
        } catch (IOException | RuntimeException e) { // the native library throws RuntimeException for a malformed file
            throw new BadInput(file + ": is no tokenizer (" + e.getMessage() + ")", e);
        }
    }

    @Override
    public String toString() {
        long count = weights.parameters().stream().mapToLong(p -> p.getShape().size()).sum();
        return "Policy[%d layers, width %d, %d tokens, %,d parameters, %s]".formatted(config.layers(), config.hiddenSize(),
                config.vocabSize(), count, manager.getDevice());
    }
}
