package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import common.BadInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import lppo.Checkout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that weights are accepted only if every byte of the file is accounted for. */
class SafetensorsTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [1, 2]                                                                   | is malformed
            {"a": 1}                                                                 | is malformed at "a"
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}} x          | is malformed
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]              | is malformed
            {"a": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}            | has dtype I64; F32, F16 and BF16 can be read
            {"a": {"shape": [1], "data_offsets": [0, 8]}}                            | has dtype nothing
            {"a": {"dtype": "F32", "data_offsets": [0, 8]}}                          | lacks its shape or offsets
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}}               | lacks its shape or offsets
            {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}           | invalid shape
            {"a": {"dtype": "F32", "shape": [2147483647, 2147483647, 2147483647], "data_offsets": [0, 8]}} | invalid shape
            {"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 8]}}          | is malformed
            {"a": {"dtype": "F32", "shape": [99999999999999999999], "data_offsets": [0, 8]}} | is malformed
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}            | do not fit its shape
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}            | do not fit its shape
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}           | do not fit its shape
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}           | start at byte 8, expected 0
            {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}            | describes 4 bytes of values, but the file has 8
            {"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}           | describes 12 bytes of values, but the file has 8
            {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}} | \
            start at byte 0, expected 4
            {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}} | \
            names "a" twice
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [9223372036854775800, 9223372036854775807]}} | do not fit its shape
            """)
    void aHeaderThatLiesIsRefused(String header, String complaint) throws IOException {
        Path file = write(header, header.getBytes(StandardCharsets.UTF_8).length, 8);
        String message = assertThrows(BadInput.class, () -> Safetensors.open(file)).getMessage();
        assertTrue(message.contains(complaint) && message.startsWith(file.toString()) && message.lines().count() == 1, message);
    }

    @ParameterizedTest
    @CsvSource({"-1", "0", "1", "9223372036854775807", "4000000000", "70"})
    void aHeaderLengthThatDoesNotFitIsRefused(long length) throws IOException {
        Path file = write("{}", length, 8);
        String message = assertThrows(BadInput.class, () -> Safetensors.open(file)).getMessage();
        assertTrue(message.contains("does not fit in this file"), message);
    }

    @Test
    void aDeepHeaderDoesNotExhaustTheStack() throws IOException {
        String header = "{\"__metadata__\": " + "[".repeat(200_000) + "]".repeat(200_000) + "}";
        assertThrows(BadInput.class, () -> Safetensors.open(write(header, header.length(), 0)));
    }

    /** Every byte of the header changed in turn, and files cut at every length: refused in one line, or read as it was. */
    @Test
    void aDamagedFileNeverCrashesAndNeverYieldsOtherShapes() throws IOException {
        byte[] good = Files.readAllBytes(FIXTURES.resolve("qwen3/model-00003-of-00003.safetensors"));
        int header = 8 + (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong();
        Map<String, Safetensors.Entry> entries = Safetensors.open(FIXTURES.resolve("qwen3/model-00003-of-00003.safetensors")).entries();
        SplittableRandom random = new SplittableRandom(1);
        Path file = folder.resolve("damaged.safetensors");
        int refused = 0;
        for (int at = 0; at < header; at++) {
            byte[] bad = good.clone();
            bad[at] = (byte) random.nextInt(256);
            refused += refused(file, bad) ? 1 : 0;
        }
        for (int length = 0; length < good.length; length += 7) {
            assertTrue(refused(file, java.util.Arrays.copyOf(good, length)), "cut at " + length);
        }
        assertTrue(refused > header / 2, refused + " of " + header);
        assertFalse(refused(file, good));
        assertEquals(entries, Safetensors.open(file).entries());
    }

    @Test
    void bf16IsRoundedToTheNearestAndReadBack() throws IOException {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            float[] values = {1, -1.00390625f, 1.00390625f, 1.01171875f, 3.1415927f, -0f, 65504};
            float[] rounded = {1, -1, 1, 1.015625f, 3.140625f, -0f, 65536};
            NDArray array = manager.create(values, new Shape(7, 1));
            Path file = folder.resolve("bf16.safetensors");
            Safetensors.write(file, Map.of("x", array.getShape()), "BF16", name -> array);
            assertArrayEquals(rounded, Safetensors.read(file, manager).get("x").toFloatArray());
        }
    }

    @Test
    void arraysOfAnyRankAreReadBack() throws IOException {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Path file = folder.resolve("ranks.safetensors");
            Map<String, NDArray> arrays = new java.util.LinkedHashMap<>();
            arrays.put("scalar", manager.create(3f));
            arrays.put("empty", manager.create(new float[0], new Shape(0, 3)));
            arrays.put("cube", manager.arange(24f).reshape(2, 3, 4));
            Safetensors.write(file, arrays);
            Map<String, NDArray> back = Safetensors.read(file, manager);
            arrays.forEach((name, array) -> {
                assertEquals(array.getShape(), back.get(name).getShape());
                assertArrayEquals(array.toFloatArray(), back.get(name).toFloatArray());
            });
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                                            | has no weight_map
            {"weight_map": {"model.norm.weight": "../llama/model.safetensors"}} | is not the name of a safetensors file
            {"weight_map": {"model.norm.weight": 3}}                      | is not the name of a safetensors file
            {"weight_map": {"model.norm.weight": "model-00009-of-00009.safetensors"}} | no such file
            {"weight_map": {"model.norm.weight": "model-00001-of-00003.safetensors"}} | is not in model-00001-of-00003.safetensors
            {"weight_map": {"model.norm.weight": "model-00003-of-00003.safetensors"}} | but not in the index
            """)
    void anIndexThatDoesNotAgreeWithItsShardsIsRefused(String index, String complaint) throws IOException {
        copy("qwen3");
        Files.writeString(folder.resolve("model.safetensors.index.json"), index);
        assertRefused(complaint);
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        copy("qwen3");
        Files.delete(folder.resolve("model-00002-of-00003.safetensors"));
        assertRefused("model-00002-of-00003.safetensors: no such file");
    }

    @Test
    void weightsThatTheConfigurationDoesNotKnowAreRefusedAndNotDropped() throws IOException {
        copy("qwen2");
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"qwen2\"", "\"llama\""));
        assertRefused("self_attn.k_proj.bias is not part of the model that config.json describes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "qwen2"                      | "mamba"                         | model_type is "mamba"; supported are qwen2, qwen3 and llama
            "hidden_size": 32            | "hidden_size": 33               | has shape
            "hidden_size": 32            | "hidden_size": "wide"           | not a whole number
            "use_sliding_window": false  | "use_sliding_window": true      | sliding-window attention is not supported
            "rms_norm_eps": 0.001        | "rms_norm_eps": -1              | rms_norm_eps is -1
            "vocab_size": 64             | "quantization_config": {}       | quantised weights are not supported
            "rope_type": "default"       | "rope_type": "longrope"         | rotary scaling "longrope" is not supported
            "rope_type": "default"       | "rope_type": "yarn"             | rotary embedding: factor is missing
            "hidden_act": "silu"         | "hidden_act": []                | hidden_act is [], not a text
            "num_attention_heads": 4     | "num_attention_heads": 64       | cannot be rotated
            """)
    void aConfigurationThatCannotRunIsRefusedInOneLine(String from, String to, String complaint) throws IOException {
        copy("qwen2");
        Path config = folder.resolve("config.json");
        assertTrue(Files.readString(config).contains(from), "the fixture has " + from);
        Files.writeString(config, Files.readString(config).replace(from, to));
        assertRefused(complaint);
    }

    private void assertRefused(String complaint) {
        String message = assertThrows(BadInput.class, () -> Policy.load(folder, Device.cpu()).close()).getMessage();
        assertTrue(message.contains(complaint) && message.lines().count() == 1, message);
    }

    private void copy(String fixture) throws IOException {
        for (Path file : Checkout.list(FIXTURES.resolve(fixture))) {
            Files.copy(file, folder.resolve(file.getFileName()));
        }
    }

    private static boolean refused(Path file, byte[] content) throws IOException {
        Files.write(file, content);
        try {
            Safetensors.open(file);
            return false;
        } catch (BadInput e) {
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            return true;
        }
    }

    private Path write(String header, long length, int values) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + values).order(ByteOrder.LITTLE_ENDIAN);
        Path file = folder.resolve("lies.safetensors");
        Files.write(file, bytes.putLong(length).put(text).array());
        return file;
    }
}
