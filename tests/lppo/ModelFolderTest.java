package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import commands.ChatFormat;
import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import llm.Policy;
import llm.Tokenizer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a model folder is treated as data: no code in it runs, and anything beyond a model is rejected or bounded. */
class ModelFolderTest {

    @TempDir
    Path folder;

    private Path model;

    @BeforeEach
    void copy() throws Exception {
        model = Files.createDirectories(folder.resolve("model"));
        for (Path file : Checkout.list(Checkout.ROOT.resolve("data/base"))) {
            Files.copy(file, model.resolve(file.getFileName().toString()));
        }
    }

    @Test
    void codeInItIsNeitherRunNorKept() throws Exception {
        String code = "open('" + folder + "/made', 'w')\n";
        JsonObject config = JsonParser.parseString(Files.readString(model.resolve("config.json"))).getAsJsonObject();
        config.add("auto_map", JsonParser
                .parseString("{\"AutoModelForCausalLM\": \"modeling_evil.Evil\", \"AutoConfig\": \"somebody/evil--configuration.Evil\"}"));
        config.addProperty("trust_remote_code", true);
        Files.writeString(model.resolve("config.json"), config.toString());
        Files.writeString(model.resolve("tokenizer_config.json"),
                "{\"auto_map\": {\"AutoTokenizer\": [\"evil.Tokenizer\", null]}, \"tokenizer_class\": \"Evil\"}");
        for (String name : List.of("modeling_evil.py", "configuration.py", "evil.py", "setup.py", "pytorch_model.bin", "model.pkl",
                "evil.so", "ai.djl.jar")) {
            Files.writeString(model.resolve(name), code);
        }
        try (Policy policy = Policy.load(model, Device.cpu())) {
            assertEquals(15, policy.encode("start 17 +3 *2 -7 . . . . . . . . . =").length);
            policy.save(folder.resolve("saved"));
        }
        assertFalse(Files.exists(folder.resolve("made")));
        assertEquals(List.of("SHA256SUMS", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
                Checkout.list(folder.resolve("saved")).stream().map(p -> p.getFileName().toString()).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{ ''.__class__ }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ self.__init__.__globals__ }}", "{{ lipsum.__globals__['os'] }}", "{{ messages.__class__.__base__ }}",
        "{{ messages.getClass() }}", "{{ namespace.__init__ }}",
        "{{ (1).__class__.__bases__ }}", "{{ [].append.__self__ }}", "{{ messages|attr('__class__') }}", "{{ range.__call__ }}",
        "{{ loop.__class__ }}",
        "{{ raise_exception.__globals__ }}", "{{ messages|map('attr', '__class__')|list }}",
        "{{ messages|map(attribute='__class__')|list }}",
        "{{ '%s'|format(messages) }}", "{{ '{0.__class__}'.format(1) }}", "{{ config }}{{ request.application }}",
        "{{ strftime_now.getClass().forName('java.lang.Runtime') }}",
        "{% include 'config.json' %}", "{% import 'os' as os %}", "{% extends 'x' %}", "{% for i in range(10**9) %}x{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% macro m(n) %}{{ m(n + 1) ~ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% set x = a %}{% endfor %}{% endfor %}", "{{ 'x' * 10**9 }}",
        "{{ 10**10**10 }}",
        "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}"})
    void aTemplateThatReachesOutIsRefusedOrSeesNothing(String template) throws Exception {
        Files.writeString(model.resolve("chat_template.jinja"), template);
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            try {
                String text = ChatFormat.named("chat", model, null).of("hi");
                assertTrue(text.replaceAll("[\\[\\], ]|Undefined|None", "").isEmpty(), text);
            } catch (BadInput e) {
                assertTrue(e.getMessage().startsWith(model.toString()) && e.getMessage().lines().count() == 1, e.getMessage());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{}", "{\"version\": \"1.0\"}", "{\"model\": {\"type\": \"Evil\"}}", "NaN",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}",
        "{\"model\": {\"type\": \"Unigram\", \"vocab\": [], \"unk_id\": 7}}",
        "{\"model\": {\"type\": \"WordLevel\", \"vocab\": {}, \"unk_token\": \"x\"}, \"decoder\": {\"type\": \"Evil\"}}",
        "{\"decoder\": {\"type\": 1e999}}", "{\"decoder\": \"\\ud800\"}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}, \"pre_tokenizer\": {\"type\": \"Split\", \"pattern\":"
                + " {\"Regex\": \"(\"}, \"behavior\": \"Isolated\", \"invert\": false}}"})
    void anOddTokenizerIsOneClearLine(String json) throws Exception {
        Path file = Files.writeString(model.resolve("tokenizer.json"), json);
        BadInput e = assertThrows(BadInput.class, () -> Tokenizer.load(model).encode("start"));
        assertTrue(e.getMessage().startsWith(file.toString()) && e.getMessage().lines().count() == 1, e.getMessage());
    }

    /** The native library ends the process when it has searched for long. */
    @ParameterizedTest
    @ValueSource(strings = {"(a+)+$", "(a|aa)*$", "a*a*a*a*b", "(?:a{1,}){2,}$"})
    void aPatternThatSearchesForEverIsRefused(String pattern) throws Exception {
        Files.writeString(model.resolve("tokenizer.json"), """
                {"version": "1.0", "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "%s"}, "behavior": "Isolated", "invert": false},
                 "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"}}
                """.formatted(pattern));
        BadInput e = assertThrows(BadInput.class, () -> Tokenizer.load(model));
        assertTrue(e.getMessage().endsWith("the pattern " + pattern + " may run forever"), e.getMessage());
    }

    @Test
    void pathsInItsIndexStayInside() throws Exception {
        Files.move(model.resolve("model.safetensors"), folder.resolve("elsewhere.safetensors"));
        for (String name : List.of("../elsewhere.safetensors", folder.resolve("elsewhere.safetensors").toString(), "", "\\u0000", "..",
                "x/../../elsewhere.safetensors")) {
            JsonObject index = new JsonObject();
            JsonObject map = new JsonObject();
            map.addProperty("model.embed_tokens.weight", name);
            index.add("weight_map", map);
            Files.writeString(model.resolve("model.safetensors.index.json"), index.toString());
            BadInput e = assertThrows(BadInput.class, () -> Policy.load(model, Device.cpu()), name);
            assertEquals(1, e.getMessage().lines().count());
        }
    }
}
