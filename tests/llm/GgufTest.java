package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GGUF files, read back by a reader of the test's own; {@code GgufPythonTest} has them read by those who know the format. */
class GgufTest {

    @TempDir
    Path folder;

    @Test
    void sizesAndTokensAreTheFolders() throws IOException {
        GgufModels.make(folder, "qwen3", null);
        Read file = export(Gguf.Type.F32);
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("general.architecture", "qwen3");
        expected.put("general.file_type", 0);
        expected.put("qwen3.block_count", 2);
        expected.put("qwen3.context_length", 256);
        expected.put("qwen3.embedding_length", 32);
        expected.put("qwen3.feed_forward_length", 48);
        expected.put("qwen3.attention.head_count", 4);
        expected.put("qwen3.attention.head_count_kv", 2);
        expected.put("qwen3.attention.key_length", 128);
        expected.put("qwen3.attention.value_length", 128);
        expected.put("qwen3.attention.layer_norm_rms_epsilon", 1e-3f);
        expected.put("qwen3.rope.freq_base", 500f);
        expected.put("qwen3.vocab_size", 430);
        expected.put("tokenizer.ggml.model", "gpt2");
        expected.put("tokenizer.ggml.pre", "qwen2");
        expected.put("tokenizer.ggml.eos_token_id", 422);
        expected.put("tokenizer.ggml.padding_token_id", 420);
        expected.put("tokenizer.ggml.add_bos_token", false);
        expected.put("tokenizer.chat_template", Files.readString(folder.resolve("chat_template.jinja")));
        expected.forEach((name, value) -> assertEquals(value, file.values().get(name), name));
        assertFalse(file.values().containsKey("tokenizer.ggml.bos_token_id"));
        List<?> tokens = (List<?>) file.values().get("tokenizer.ggml.tokens");
        List<?> kinds = (List<?>) file.values().get("tokenizer.ggml.token_type");
        assertEquals(List.of(430, 430), List.of(tokens.size(), kinds.size()));
        assertEquals(List.of("<|im_end|>", "[PAD423]"), tokens.subList(422, 424));
        assertEquals(List.of(1, 3, 3, 3, 5), kinds.subList(419, 424), "ordinary, special, unused");
        assertTrue(((List<?>) file.values().get("tokenizer.ggml.merges")).contains("Ġ th"));
    }

    @Test
    void aLlamaOpensTextsAndRotatesNeighbours() throws IOException {
        GgufModels.make(folder, "llama", null);
        Read file = export(Gguf.Type.F32);
        assertEquals("llama-bpe", file.values().get("tokenizer.ggml.pre"));
        assertEquals(true, file.values().get("tokenizer.ggml.add_bos_token"));
        assertEquals(420, file.values().get("tokenizer.ggml.bos_token_id"));
        assertTrue(file.tensors().containsKey("output.weight"), "its head is its own");
        float[] stored = values("model.layers.1.self_attn.q_proj.weight", 32 * 32);
        float[] written = file.floats("blk.1.attn_q.weight");
        for (int head = 0; head < 4; head++) {
            for (int i = 0; i < 8; i++) { // rows 0 4 1 5 2 6 3 7 of each head of 8
                int from = head * 8 + (i % 2 == 0 ? i / 2 : 4 + i / 2);
                assertArrayEquals(java.util.Arrays.copyOfRange(stored, from * 32, from * 32 + 32),
                        java.util.Arrays.copyOfRange(written, (head * 8 + i) * 32, (head * 8 + i) * 32 + 32));
            }
        }
        assertArrayEquals(values("model.layers.1.self_attn.v_proj.weight", 16 * 32), file.floats("blk.1.attn_v.weight"));
        float[] factors = file.floats("rope_freqs.weight"); // factor 8 over 32 positions: the slowest are divided by 8, the fastest left
        assertEquals(1, factors[0], 1e-6);
        assertEquals(8, factors[3], 1e-5);
    }

    @Test
    void aQwenStaysInOrderAndHasOneCopyOfItsTiedHead() throws IOException {
        GgufModels.make(folder, "qwen2", null);
        Read file = export(Gguf.Type.F32);
        assertEquals(1 + 2 * 12 + 1, file.tensors().size());
        assertFalse(file.tensors().containsKey("output.weight"));
        assertArrayEquals(values("model.layers.0.self_attn.k_proj.weight", 16 * 32), file.floats("blk.0.attn_k.weight"));
        assertArrayEquals(values("model.layers.0.self_attn.k_proj.bias", 16), file.floats("blk.0.attn_k.bias"));
        assertArrayEquals(values("model.embed_tokens.weight", 430 * 32), file.floats("token_embd.weight"));
    }

    @Test
    void eachTypeHasItsBitsAndVectorsStayWhole() throws IOException {
        GgufModels.make(folder, "qwen2", null);
        Map<Gguf.Type, Integer> ids = Map.of(Gguf.Type.F16, 1, Gguf.Type.BF16, 30, Gguf.Type.Q8_0, 8);
        for (Gguf.Type type : ids.keySet()) {
            Read file = export(type);
            assertEquals(ids.get(type), file.tensors().get("blk.0.attn_q.weight").type());
            assertEquals(0, file.tensors().get("blk.0.attn_q.bias").type());
            assertEquals(type == Gguf.Type.Q8_0 ? 1 : ids.get(type), file.tensors().get("blk.0.ffn_down.weight").type(),
                    "48 is no multiple of 32");
        }
    }

    @Test
    void whereRotationsAreScaledTheFileSaysSo() throws IOException {
        JsonObject yarn = GgufModels.plain();
        yarn.addProperty("rope_type", "yarn");
        yarn.addProperty("factor", 4.0);
        yarn.addProperty("original_max_position_embeddings", 64);
        GgufModels.make(folder, "qwen2", yarn);
        Map<String, Object> values = export(Gguf.Type.F32).values();
        assertEquals(List.of("yarn", 4f, 64), List.of(values.get("qwen2.rope.scaling.type"), values.get("qwen2.rope.scaling.factor"),
                values.get("qwen2.rope.scaling.original_context_length")));
        yarn.addProperty("attention_factor", 0.8);
        JsonObject config = Json.object(folder.resolve("config.json"));
        config.add("rope_parameters", yarn);
        Files.writeString(folder.resolve("config.json"), config.toString());
        assertTrue(refused().contains("the attention_factor of its YaRN has no form in GGUF"));
    }

    @Test
    void whatHasNoFormIsRefusedAndLeavesNoFile() throws IOException {
        GgufModels.make(folder, "qwen2", null);
        String tokenizer = Files.readString(folder.resolve("tokenizer.json"));
        Files.copy(Checkout.ROOT.resolve("tests/fixtures/qwen2/tokenizer.json"), folder.resolve("tokenizer.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertTrue(refused().contains("is no byte-level byte-pair encoding"));
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer.replace("\\\\p{N}|", "\\\\p{N}{1,4}|"));
        assertTrue(refused().contains("splits texts by a rule that llama.cpp has no name for"));
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer);
        Path weights = folder.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 8000, 1e6f);
        Files.write(weights, bytes);
        String large = assertThrows(BadInput.class, () -> export(Gguf.Type.F16)).getMessage();
        assertTrue(large.contains("1000000.0, which is too large for fp16"), large);
        assertEquals(List.of(), Checkout.list(folder).stream().filter(file -> file.toString().contains("gguf")).toList());
        assertTrue(assertThrows(BadInput.class, () -> Gguf.Type.named("q4_k")).getMessage().contains("choose f32, f16, bf16 or q8_0"));
    }

    @Test
    void theCommandReplacesNothingUnasked() throws Exception {
        Path out = folder.resolve("exported.gguf");
        Path model = GgufModels.make(Files.createDirectory(folder.resolve("model")), "llama", null);
        Commands commands = new Commands(folder);
        assertTrue(commands.run(0, "gguf", model.toString(), out.toString()).contains("wrote " + out));
        assertEquals(1, Read.of(Files.readAllBytes(out)).tensors().get("output.weight").type(), "f16 if not said otherwise");
        assertTrue(commands.run(2, "gguf", model.toString(), out.toString()).contains("exists; name another, or replace it by --force"));
        commands.run(0, "gguf", model.toString(), out.toString(), "--type", "bf16", "--force");
        assertEquals(30, Read.of(Files.readAllBytes(out)).tensors().get("output.weight").type());
        assertTrue(commands.run(2, "gguf", model.toString(), out + "2", "--type", "q9").contains("choose f32, f16, bf16 or q8_0"));
        assertTrue(commands.run(2, "gguf", folder + "/none", out + "2").contains("no such model folder"));
    }

    @Test
    void halvesAreTheNearest() {
        for (int bits = 0; bits < 0x7c00; bits++) {
            float value = wide(bits);
            assertEquals(bits, Gguf.half(value));
            assertEquals((short) (bits | 0x8000), Gguf.half(-value));
            float next = bits + 1 == 0x7c00 ? 65536 : wide(bits + 1);
            float middle = (value + next) / 2;
            assertEquals((short) (bits % 2 == 0 ? bits : bits + 1), Gguf.half(middle), "between " + value + " and " + next);
            assertEquals((short) bits, Gguf.half(Math.nextDown(middle)));
            assertEquals((short) (bits + 1), Gguf.half(Math.nextUp(middle)));
        }
    }

    /** The number that an fp16 is. */
    private static float wide(int bits) {
        int exponent = bits >> 10;
        return exponent == 0 ? bits * 0x1p-24f : Math.scalb(1024f + (bits & 1023), exponent - 25);
    }

    @Test
    void blocksOfEightBitsKeepTheirLargest() {
        float[] values = new float[64];
        values[3] = -254;
        values[4] = 3; // 1.5 scales: halves go away from zero
        values[5] = -3;
        ByteBuffer bytes = ByteBuffer.wrap(Gguf.encoded(Gguf.Type.Q8_0, values, "x")).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(68, bytes.capacity());
        assertEquals(2, wide(bytes.getShort(0)));
        assertEquals(List.of(-127, 2, -2, 0), List.of((int) bytes.get(5), (int) bytes.get(6), (int) bytes.get(7), (int) bytes.get(8)));
        assertEquals(0, bytes.getShort(34), "a block of zeros");
    }

    private String refused() {
        return assertThrows(BadInput.class, () -> export(Gguf.Type.F32)).getMessage();
    }

    private float[] values(String name, int count) {
        Safetensors file = Safetensors.open(folder.resolve("model.safetensors"));
        float[] values = new float[count];
        try {
            byte[] bytes = Files.readAllBytes(file.path());
            ByteBuffer.wrap(bytes, (int) (file.start() + file.entries().get(name).begin()), 4 * count).order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer().get(values);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return values;
    }

    private Read export(Gguf.Type type) throws IOException {
        Path out = folder.resolve("out.gguf");
        Files.deleteIfExists(out);
        GgufExport.write(folder, out, type, done -> {});
        return Read.of(Files.readAllBytes(out));
    }

    /** A tensor of a file. */
    private record Tensor(int type, int numbers, int at) {}

    /** What a file holds. */
    private record Read(Map<String, Object> values, Map<String, Tensor> tensors, ByteBuffer bytes) {

        static Read of(byte[] content) {
            ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals("GGUF", new String(content, 0, 4, StandardCharsets.US_ASCII));
            assertEquals(3, in.getInt(4));
            in.position(8);
            long count = in.getLong();
            long named = in.getLong();
            Map<String, Object> values = new LinkedHashMap<>();
            for (int i = 0; i < named; i++) {
                values.put(text(in), value(in, in.getInt()));
            }
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            List<Runnable> later = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String name = text(in);
                int numbers = 1;
                for (int dimensions = in.getInt(); dimensions > 0; dimensions--) {
                    numbers *= (int) in.getLong();
                }
                int size = numbers;
                int type = in.getInt();
                int offset = (int) in.getLong();
                assertEquals(0, offset % 32);
                later.add(() -> tensors.put(name, new Tensor(type, size, (in.position() + 31) / 32 * 32 + offset)));
            }
            later.forEach(Runnable::run);
            return new Read(values, tensors, in);
        }

        private static Object value(ByteBuffer in, int type) {
            return switch (type) {
                case 4, 5 -> in.getInt();
                case 6 -> in.getFloat();
                case 7 -> in.get() == 1;
                case 8 -> text(in);
                case 9 -> {
                    int of = in.getInt();
                    List<Object> all = new ArrayList<>();
                    for (long left = in.getLong(); left > 0; left--) {
                        all.add(value(in, of));
                    }
                    yield all;
                }
                default -> throw new IllegalStateException("type " + type);
            };
        }

        private static String text(ByteBuffer in) {
            byte[] bytes = new byte[(int) in.getLong()];
            in.get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        float[] floats(String name) {
            Tensor tensor = tensors.get(name);
            assertEquals(0, tensor.type());
            float[] values = new float[tensor.numbers()];
            bytes.duplicate().position(tensor.at()).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            return values;
        }
    }
}
