package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Checksums;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Low-rank adapters (LoRA, arXiv 2106.09685): a frozen projection W is extended by the product of two thin matrices,
 *
 * <pre>  y = x W^T + alpha / r * (x A^T) B^T,   A [r, in], B [out, r],</pre>
 *
 * and only A and B are trained. B is initialised to zero, so that an adapted policy starts equal to its base. Adapters are read and saved
 * in the format of Python's {@code peft} ({@code adapter_config.json}, {@code adapter_model.safetensors}).
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb} and
 * {@code notebooks/10-a-real-language-model-learns-to-add.ipynb}.
 */
public final class Lora {

    /** The projections that can be adapted, by Hugging Face's names. */
    public static final List<String> PROJECTIONS = List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    private static final String PREFIX = "base_model.model.model.";

    private final Settings settings;
    private final Map<String, Adapter> adapters; // by "layers.0.self_attn.q_proj"
    private final NDArray scale;

    private record Adapter(NDArray a, NDArray b) {}

    /**
     * Settings of adapters.
     *
     * @param rank r, positive
     * @param alpha numerator of the scale alpha / r
     * @param targets of {@link #PROJECTIONS}
     */
    public record Settings(int rank, double alpha, List<String> targets) implements Serializable {

        /** Checks the ranges. */
        public Settings {
            BadInput.unless(rank > 0, "LoRA rank %d: must be positive", rank);
            BadInput.unless(alpha > 0 && Double.isFinite(alpha), "LoRA alpha %s: must be positive", alpha);
            BadInput.unless(!targets.isEmpty(), "LoRA targets: name at least one of %s", String.join(", ", PROJECTIONS));
            for (String target : targets) {
                BadInput.unless(PROJECTIONS.contains(target), "LoRA target \"%s\" is unknown; choose from %s", target,
                        String.join(", ", PROJECTIONS));
            }
        }

        /** All projections, with alpha twice the rank. */
        public static Settings of(int rank) {
            return new Settings(rank, 2.0 * rank, PROJECTIONS);
        }
    }

    private Lora(Settings settings, Map<String, Adapter> adapters, NDManager manager) {
        this.settings = settings;
        this.adapters = adapters;
        scale = owned(manager.create((float) (settings.alpha() / settings.rank())));
    }

    /** Creates fresh adapters, owned by the manager: A uniform within 1 / sqrt(in), as in {@code peft}, B zero. */
    public static Lora fresh(ModelConfig config, Settings settings, Seed seed, NDManager manager) {
        Map<String, Adapter> adapters = new TreeMap<>();
        shapes(config, settings).forEach((module, shape) -> {
            BadInput.unless(settings.rank() <= Math.min(shape.get(0), shape.get(1)), "LoRA rank %d: is above the width of %s, %s",
                    settings.rank(),
                    module, shape);
            SplittableRandom random = seed.at("lora", 0, module, 0);
            float[] a = new float[settings.rank() * (int) shape.get(1)];
            for (int i = 0; i < a.length; i++) {
                a[i] = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(shape.get(1)));
            }
            adapters.put(module, new Adapter(owned(manager.create(a, new Shape(settings.rank(), shape.get(1)))),
                    owned(manager.zeros(new Shape(shape.get(0), settings.rank()), DataType.FLOAT32))));
        });
        return new Lora(settings, adapters, manager);
    }

    /**
     * Reads a {@code peft} folder.
     *
     * @throws BadInput if a file is missing, malformed or does not match the folder's {@linkplain Checksums checksums}, is not plain LoRA
     *     (unknown settings must be off), or does not fit the model
     */
    public static Lora load(Path folder, ModelConfig config, NDManager manager) {
        Checksums.verify(folder);
        Settings settings = settings(folder.resolve("adapter_config.json"));
        Path file = folder.resolve("adapter_model.safetensors");
        Map<String, Adapter> adapters = new TreeMap<>();
        Map<String, NDArray> tensors = Safetensors.read(file, manager);
        shapes(config, settings).forEach((module, shape) -> adapters.put(module, new Adapter(
                tensor(tensors, module, "A", new Shape(settings.rank(), shape.get(1)), file),
                tensor(tensors, module, "B", new Shape(shape.get(0), settings.rank()), file))));
        BadInput.unless(tensors.size() == 2 * adapters.size(), "%s: has %d arrays, but adapter_config.json implies %d", file,
                tensors.size(), 2 * adapters.size());
        return new Lora(settings, adapters, manager);
    }

    private static NDArray tensor(Map<String, NDArray> tensors, String module, String which, Shape shape, Path file) {
        NDArray tensor = tensors.get(PREFIX + module + ".lora_" + which + ".weight");
        BadInput.unless(tensor != null, "%s: the adapter lora_%s of %s is missing", file, which, module);
        BadInput.unless(tensor.getShape().equals(shape), "%s: lora_%s of %s has shape %s, but the model implies %s", file, which,
                module, tensor.getShape(), shape);
        BadInput.unless(Float.isFinite(tensor.sum().getFloat()), "%s: lora_%s of %s contains a NaN or infinite value", file,
                which, module);
        return owned(tensor);
    }

    /** Returns the settings of a configuration, if it is plain LoRA. */
    private static Settings settings(Path file) {
        BadInput.unless(Files.isRegularFile(file), "%s: missing, so this is not an adapter folder", file);
        JsonObject json = Json.object(file);
        String where = file.toString();
        String kind = Json.text(json, "peft_type", where);
        BadInput.unless(kind.equals("LORA"), "%s: peft_type is %s; only LORA is supported", file, kind);
        json.entrySet().forEach(entry -> {
            JsonElement value = entry.getValue();
            boolean plain = switch (entry.getKey()) {
                case "peft_type", "r", "lora_alpha", "target_modules" -> true; // read below
                case "base_model_name_or_path", "revision", "peft_version", "auto_mapping", "inference_mode", "lora_dropout",
                        "megatron_core", "qalora_group_size", "runtime_config" -> true; // about training, or nothing by itself
                case "init_lora_weights" -> value.isJsonNull()
                        || List.of("true", "false", "\"gaussian\"", "\"orthogonal\"").contains(value.toString());
                case "bias" -> value.isJsonNull() || value.toString().equals("\"none\"");
                case "task_type" -> value.isJsonNull() || value.toString().equals("\"CAUSAL_LM\"");
                default -> value.isJsonNull() || List.of("false", "{}", "[]").contains(value.toString()); // off, known here or not
            };
            BadInput.unless(plain, "%s: %s is %s, which is not supported; only plain LoRA is", file, entry.getKey(), value);
        });
        JsonElement modules = json.get("target_modules");
        BadInput.unless(modules != null && modules.isJsonArray(),
                "%s: target_modules is %s, not a list of names; list the adapted projections", file, modules == null ? "missing" : modules);
        List<String> targets = new ArrayList<>();
        modules.getAsJsonArray().forEach(module -> {
            BadInput.unless(module.isJsonPrimitive(), "%s: target_modules has %s, which is not a name", file, module);
            targets.add(module.getAsString());
        });
        int rank = Json.positiveInteger(json, "r", where);
        double alpha = Json.positive(json, "lora_alpha", where);
        try {
            return new Settings(rank, alpha, targets);
        } catch (BadInput e) {
            throw new BadInput(file + ": " + e.getMessage(), e);
        }
    }

    /** Writes a folder that {@link #load} and {@code peft} can read; {@code base} names the adapted model. */
    public void save(Path folder, String base) throws IOException {
        Files.createDirectories(folder);
        JsonObject json = new JsonObject();
        json.addProperty("base_model_name_or_path", base);
        json.addProperty("bias", "none");
        json.addProperty("fan_in_fan_out", false);
        json.addProperty("inference_mode", true);
        json.addProperty("lora_alpha", settings.alpha());
        json.addProperty("lora_dropout", 0.0);
        json.addProperty("peft_type", "LORA");
        json.addProperty("r", settings.rank());
        JsonArray targets = new JsonArray();
        settings.targets().forEach(targets::add);
        json.add("target_modules", targets);
        json.addProperty("task_type", "CAUSAL_LM");
        Files.writeString(folder.resolve("adapter_config.json"),
                new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json) + "\n");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        adapters.forEach((module, adapter) -> {
            tensors.put(PREFIX + module + ".lora_A.weight", adapter.a());
            tensors.put(PREFIX + module + ".lora_B.weight", adapter.b());
        });
        Safetensors.write(folder.resolve("adapter_model.safetensors"), tensors);
        Checksums.write(folder);
    }

    /** Returns the trainable arrays, in a fixed order. */
    public List<NDArray> parameters() {
        List<NDArray> all = new ArrayList<>();
        adapters.values().forEach(adapter -> {
            all.add(adapter.a());
            all.add(adapter.b());
        });
        return all;
    }

    /** A or B of each projection of a layer, in the order of {@link #PROJECTIONS}, null where it has no adapter. */
    List<NDArray> arrays(int layer, boolean a) {
        List<NDArray> arrays = new ArrayList<>();
        for (String target : PROJECTIONS) {
            Adapter adapter = adapters.get(module(layer, target));
            arrays.add(adapter == null ? null : a ? adapter.a() : adapter.b());
        }
        return arrays;
    }

    /** Returns rank, alpha and targets. */
    public Settings settings() {
        return settings;
    }

    /**
     * Returns what the adapters add to the frozen projection of x, {@code [.., out]}; null if there are none.
     *
     * @param x {@code [.., in]}
     * @param kernels for computing in 16 bits; null if x is fp32
     * @param group {@code self_attn} or {@code mlp}
     * @param names of the projections that lie side by side
     * @param widths their shares of {@code out}
     */
    NDArray added(NDArray x, Kernels kernels, int layer, String group, List<String> names, long... widths) {
        NDList parts = new NDList();
        boolean any = false;
        for (int i = 0; i < widths.length; i++) {
            Adapter adapter = adapters.get(module(layer, group, names.get(i)));
            any |= adapter != null;
            long[] shape = x.getShape().getShape().clone();
            shape[shape.length - 1] = widths[i];
            if (kernels != null) {
                parts.add(adapter == null ? kernels.zeros(new Shape(shape), x.getManager())
                        : kernels.linear(kernels.linear(x, adapter.a(), null), adapter.b(), null).mul(scale));
            } else {
                parts.add(adapter == null ? x.getManager().zeros(new Shape(shape))
                        : x.matMul(adapter.a().transpose()).matMul(adapter.b().transpose()).mul(scale));
            }
        }
        return !any ? null : parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, x.getShape().dimension() - 1);
    }

    /**
     * The adapters of projections that lie side by side, as two matrices: the product of {@code x [n, in]} with both,
     * {@code (x A^T) B^T}, is what they add to the frozen projection. They are new arrays in fp32.
     *
     * @param none what stands for both where nothing is adapted
     * @return A, {@code [R, in]}, and B, {@code [out, R]}, scaled, with zeros beside the diagonal; R is the ranks together, padded
     */
    List<NDArray> sideBySide(int layer, String group, List<String> names, List<Long> widths, NDArray none) {
        NDManager manager = none.getManager();
        List<Adapter> beside = names.stream().map(name -> adapters.get(module(layer, group, name))).toList();
        int count = (int) beside.stream().filter(Objects::nonNull).count();
        if (count == 0) {
            return List.of(none, none);
        }
        long rank = settings.rank();
        long ranks = FastDecode.padded((int) (count * rank));
        NDList a = new NDList();
        NDList b = new NDList();
        for (int i = 0; i < beside.size(); i++) {
            Adapter adapter = beside.get(i);
            long at = a.size() * rank;
            b.add(adapter == null ? manager.zeros(new Shape(widths.get(i), ranks))
                    : NDArrays.concat(new NDList(manager.zeros(new Shape(widths.get(i), at)), adapter.b().mul(scale),
                            manager.zeros(new Shape(widths.get(i), ranks - at - rank))), 1));
            if (adapter != null) {
                a.add(adapter.a());
            }
        }
        a.add(manager.zeros(new Shape(ranks - count * rank, a.get(0).getShape().get(1))));
        return List.of(NDArrays.concat(a, 0), NDArrays.concat(b, 0));
    }

    /** An fp32 array of a checkpoint, given with Hugging Face's name, and alpha / r B A added where it is adapted. */
    NDArray merged(String name, NDArray weight) {
        Adapter adapter = adapters.get(name.replaceAll("^model\\.|\\.weight$", ""));
        return adapter == null ? weight : weight.add(adapter.b().matMul(adapter.a()).mul(scale));
    }

    /** {@code [out, in]} of each adapted projection, by module. */
    private static Map<String, Shape> shapes(ModelConfig config, Settings settings) {
        Map<String, Shape> shapes = new TreeMap<>();
        Map<String, Shape> all = Weights.shapes(config);
        for (int layer = 0; layer < config.layers(); layer++) {
            for (String target : settings.targets()) {
                String module = module(layer, target);
                shapes.put(module, all.get("model." + module + ".weight"));
            }
        }
        return shapes;
    }

    /** Returns the number of parameters of the adapters. */
    public static long count(ModelConfig config, Settings settings) {
        return shapes(config, settings).values().stream().mapToLong(shape -> settings.rank() * (shape.get(0) + shape.get(1))).sum();
    }

    private static String module(int layer, String name) {
        return module(layer, "qkvo".indexOf(name.charAt(0)) >= 0 ? "self_attn" : "mlp", name);
    }

    private static String module(int layer, String group, String name) {
        return "layers." + layer + "." + group + "." + name;
    }

    private static NDArray owned(NDArray array) {
        NDScope.unregister(array);
        return array;
    }
}
