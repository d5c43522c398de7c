package lppo.learn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the optimiser with torch.optim.AdamW (tests/fixtures/adamw.py) and with values computed by hand. */
class AdamWTest {

    private static final AdamW.Settings PLAIN = new AdamW.Settings(0.9, 0.95, 1e-8, 0);

    @ParameterizedTest
    @ValueSource(ints = {0, 1}) // without and with weight decay
    void fiftyStepsAreThoseOfPyTorch(int index) throws Exception {
        JsonObject c = JsonParser.parseString(Files.readString(fixture())).getAsJsonArray().get(index).getAsJsonObject();
        assertEquals(index == 1, c.get("weight_decay").getAsDouble() > 0);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            JsonArray start = c.getAsJsonArray("start");
            List<NDArray> parameters = List.of(manager.create(floats(start.get(0).getAsJsonArray()), new Shape(2, 3)),
                    manager.create(floats(start.get(1).getAsJsonArray()), new Shape(4)));
            AdamW optimizer = new AdamW(parameters, manager,
                    new AdamW.Settings(0.9, 0.95, 1e-8, c.get("weight_decay").getAsDouble()));
            for (int step = 0; step < 50; step++) {
                for (int i = 0; i < 2; i++) {
                    accumulate(parameters.get(i), floats(array(c, "gradients", step, i)));
                }
                optimizer.step(c.getAsJsonArray("learning_rates").get(step).getAsDouble(), 1);
                for (int i = 0; i < 2; i++) {
                    assertArrayEquals(floats(array(c, "after", step, i)), parameters.get(i).toFloatArray(), 1e-5f,
                            "parameter " + i + " after step " + (step + 1));
                }
            }
            assertEquals(50, optimizer.steps());
        }
    }

    @Test
    void theFirstStepIsTheLearningRateInTheDirectionOfTheSign() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray x = manager.create(new float[] {1, 1, 1});
            AdamW optimizer = new AdamW(List.of(x), manager, PLAIN);
            accumulate(x, new float[] {2, -0.5f, 0});
            assertEquals(Math.sqrt(4.25), optimizer.gradientNorm(), 1e-6);
            optimizer.step(0.1, 1); // m / (1 - b1) = g, sqrt(v / (1 - b2)) = |g|
            assertArrayEquals(new float[] {0.9f, 1.1f, 1}, x.toFloatArray(), 1e-6f);
            assertEquals(0, optimizer.gradientNorm(), 0, "a step consumes the gradients");
        }
    }

    @Test
    void gradientsAccumulateAndTheScaleMultipliesThem() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            AdamW.Settings settings = new AdamW.Settings(0.9, 0.95, 1, 0); // the epsilon makes the size matter
            NDArray x = manager.create(new float[] {1, 2});
            NDArray y = manager.create(new float[] {1, 2});
            AdamW scaled = new AdamW(List.of(x), manager, settings);
            AdamW plain = new AdamW(List.of(y), manager, settings);
            accumulate(x, new float[] {1, -3});
            accumulate(x, new float[] {3, -1});
            scaled.step(0.1, 0.25);
            accumulate(y, new float[] {1, -1});
            plain.step(0.1, 1);
            assertArrayEquals(y.toFloatArray(), x.toFloatArray(), 1e-7f);
            assertArrayEquals(new float[] {0.95f, 2.05f}, x.toFloatArray(), 1e-6f); // 0.1 * 1 / (1 + 1)
        }
    }

    @Test
    void restoredMomentsGoOnAlikeToTheLastBit() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray x = manager.create(new float[] {1, 2});
            AdamW optimizer = new AdamW(List.of(x), manager, PLAIN);
            accumulate(x, new float[] {1, -3});
            optimizer.step(0.1, 1);
            NDArray y = x.duplicate();
            AdamW other = new AdamW(List.of(y), manager, PLAIN);
            other.restore(optimizer.state(), optimizer.steps());
            for (int step = 0; step < 3; step++) {
                accumulate(x, new float[] {step, 1});
                accumulate(y, new float[] {step, 1});
                optimizer.step(0.1, 1);
                other.step(0.1, 1);
            }
            assertArrayEquals(x.toFloatArray(), y.toFloatArray(), 0);
            assertEquals(4, other.steps());
            Map<String, NDArray> missing = new HashMap<>(optimizer.state());
            missing.remove("second.0");
            assertThrows(BadInput.class, () -> other.restore(missing, 1));
            assertThrows(BadInput.class, () -> other.restore(
                    Map.of("first.0", manager.zeros(new Shape(3)), "second.0", manager.zeros(new Shape(3))), 1));
        }
    }

    @Test
    void badNumbersAreRefused() {
        for (double bad : new double[] {-0.1, 1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new AdamW.Settings(bad, 0.9, 1e-8, 0));
            assertThrows(BadInput.class, () -> new AdamW.Settings(0.9, bad, 1e-8, 0));
        }
        assertThrows(BadInput.class, () -> new AdamW.Settings(0.9, 0.95, 0, 0));
        assertThrows(BadInput.class, () -> new AdamW.Settings(0.9, 0.95, 1e-8, -1));
        assertThrows(BadInput.class, () -> new AdamW.Settings(0.9, 0.95, 1e-8, Double.NaN));
    }

    /** Adds a gradient to what the engine has of a parameter. */
    private static void accumulate(NDArray parameter, float[] gradient) {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray given = parameter.getManager().create(gradient, parameter.getShape());
            NDArray loss = parameter.mul(given).sum();
            collector.backward(loss);
        }
    }

    private static JsonArray array(JsonObject c, String name, int step, int parameter) {
        return c.getAsJsonArray(name).get(step).getAsJsonArray().get(parameter).getAsJsonArray();
    }

    private static float[] floats(JsonArray array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).getAsFloat();
        }
        return values;
    }

    private static Path fixture() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("jbang-catalog.json"))) {
            folder = folder.getParent();
        }
        return folder.resolve("tests/fixtures/adamw.json");
    }
}
