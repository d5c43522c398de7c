package chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.ChatTemplate.Message;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import lppo.Checkout;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our renderings against those of transformers, by the fixture that tests/fixtures/chat.py made; and hostile templates. */
class ChatTemplateTest {

    private static final List<Message> HI = List.of(new Message("user", "hi"));

    @ParameterizedTest
    @ValueSource(strings = {"qwen-like", "thinking", "llama-like", "alternating"})
    void everyConversationIsRenderedOrRefusedAsByTransformers(String name) throws Exception {
        JsonObject golden = JsonParser.parseString(Files.readString(Checkout.ROOT.resolve("tests/fixtures/chat.json"))).getAsJsonObject()
                .getAsJsonObject("templates").getAsJsonObject(name);
        ChatTemplate template = ChatTemplate.of(golden.get("template").getAsString(), Map.of(), name);
        assertTrue(golden.getAsJsonArray("cases").size() > 100);
        for (JsonElement element : golden.getAsJsonArray("cases")) {
            JsonObject c = element.getAsJsonObject();
            ChatTemplate given = template;
            for (Map.Entry<String, JsonElement> v : c.getAsJsonObject("variables").entrySet()) {
                boolean text = v.getValue().getAsJsonPrimitive().isString();
                given = given.with(v.getKey(), text ? v.getValue().getAsString() : (Object) v.getValue().getAsBoolean());
            }
            ChatTemplate asked = given;
            List<Message> messages = c.getAsJsonArray("messages").asList().stream().map(JsonElement::getAsJsonObject)
                    .map(m -> new Message(m.get("role").getAsString(), m.get("content").getAsString())).toList();
            boolean prompt = c.get("prompt").getAsBoolean();
            if (c.get("text").isJsonNull()) {
                assertThrows(TemplateError.class, () -> asked.render(messages, prompt), c::toString);
            } else {
                assertEquals(c.get("text").getAsString(), asked.render(messages, prompt), c::toString);
            }
        }
    }

    /** The right sides are what jinja2 3.1.6 prints. */
    @ParameterizedTest
    @CsvSource(delimiter = '@', quoteCharacter = '`', value = {
        "{{ 1 if x is defined and x else 'no' }}@no",
        "{{ not 1 == 2 and 3 in [1, 2, 3] and 'b' not in 'ac' }}@True",
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1e3 }} {{ -2|abs }}@3 -4 2 3.5 8 1000.0 2",
        "{{ 'é👩x'[1] ~ 'é👩x'|length ~ 'é👩x'[::-1] ~ 'abc'[-2:] }}@👩3x👩ébc",
        "{{ {'a': [1, none, true, 'q\"é']}|tojson }}@{\"a\": [1, null, true, \"q\\\"é\"]}",
        "{{ [none, 1.5, 'it' 's', {'k': undefined_thing is undefined}] }}@[None, 1.5, 'its', {'k': True}]",
        "{% for k, v in {'a': 1, 'b': 2}.items() if v > 1 %}{{ loop.index }}{{ k }}{{ v }}{% endfor %}@1b2",
        "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% elif i > 3 %}{% break %}{% endif %}{{ i }}{% endfor %}@013",
        "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}@231",
        "{{ 'a b  c '.split() }}{{ ',a,'.split(',') }}{{ 'a,b,c'.rsplit(',', 1) }}@['a', 'b', 'c']['', 'a', '']['a,b', 'c']",
        "{{ ' x '|trim ~ 'xyx'.strip('x') ~ 'ß'.upper() ~ 'oneil x'|title }}@xySSOneil X",
        "{{ namespace(a=1).a }}{{ [3, 1, 2]|sort|join('<') }}{{ [1, 2]|sum }}{{ 'a'|default('b') }}{{ ''|default('b', true) }}@11<2<33ab"})
    void expressionsMeanWhatTheyMeanInJinja(String template, String text) {
        assertEquals(text, ChatTemplate.of(template, Map.of(), "t").render(HI, false));
    }

    @Test
    void todayIsPrintedAsAsked() {
        ChatTemplate template = ChatTemplate.of("{{ strftime_now('%d %b %Y|%-d %B|%H:%M %%') }}", Map.of(), "t");
        assertEquals("03 Jan 2026|3 January|07:09 %", template.render(Map.of(), LocalDateTime.of(2026, 1, 3, 7, 9)));
    }

    @Test
    void aFolderSaysItsTemplateInAFileOrInTheTokenizersConfiguration(@TempDir Path folder) throws Exception {
        assertTrue(ChatTemplate.read(folder).isEmpty());
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"bos_token\": null, \"eos_token\": {\"content\": \"</s>\", \"special\": true}}");
        assertTrue(ChatTemplate.read(folder).isEmpty());
        Files.writeString(config, "{\"eos_token\": {\"content\": \"</s>\"}, \"chat_template\": [{\"name\": \"tool_use\", \"template\": \"no\"}, "
                + "{\"name\": \"default\", \"template\": \"{{ messages[0].content }}{{ eos_token }}{{ bos_token is defined }}{{ tools }}\"}]}");
        assertEquals("hi</s>FalseNone", ChatTemplate.read(folder).orElseThrow().render(HI, true));
        Files.writeString(config, "{\"chat_template\": \"{{ add_generation_prompt }}{{ bos_token }}\", \"bos_token\": \"<s>\"}");
        assertEquals("True<s>", ChatTemplate.read(folder).orElseThrow().render(HI, true));
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"bos_token\": \"<other>\", \"eos_token\": \"</s>\"}");
        Files.writeString(folder.resolve("chat_template.jinja"), "file {{ bos_token }}{{ eos_token }}\n");
        assertEquals("file <s></s>", ChatTemplate.read(folder).orElseThrow().render(HI, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "{", "{\"chat_template\": {\"a\": 1}}", "{\"chat_template\": [{\"name\": \"x\", \"template\": \"\"}]}",
        "{\"chat_template\": \"{% if %}\"}", "{\"chat_template\": \"{% include 'x' %}\"}"})
    void aBrokenFolderIsOneClearLine(String json, @TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("tokenizer_config.json"), json);
        assertOneLine(assertThrows(TemplateError.class, () -> ChatTemplate.read(folder)), "tokenizer_config.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{% include '/etc/passwd' %}", "{% import 'x' as y %}", "{{ 'a'|nosuch }}", "{{ 1 is nosuch }}", "{{ 'a'.format() }}",
        "{{ lipsum() }}", "{{ ''.__class__.__mro__ }}", "{{ messages.getClass().forName('x') }}", "{{ raise_exception('no\\nway') }}",
        "{{ 1 // 0 }}", "{{ 9223372036854775807 + 1 }}", "{{ 99999999999999999999 }}", "{{ 'a' + 1 }}", "{{ nothing.at.all }}", "{{ x.y = 1 }}",
        "{{ 'a", "{{ (1 }}", "{{ '\\x' }}", "{% raw %}", "{# ", "{% for x in 3 %}{% endfor %}", "{% for x, y in [[1]] %}{% endfor %}", "{% endif %}"})
    void whatCannotBeDoneIsOneClearLineWithItsPlace(String template) {
        TemplateError e = assertThrows(TemplateError.class, () -> ChatTemplate.of("\n" + template, Map.of(), "there").render(HI, true));
        assertOneLine(e, "there: the chat template cannot be used: line 2: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ 'a' * 1000000000000 }}", "{{ 'abc' * 20000000 }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(30) }}",
        "{% set ns = namespace(x='aa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ {ns.x: 1} }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}",
        "{% set s = 'a' * 900000 %}{% for i in range(99) %}{{ (s ~ 'b') in s ~ s }}{% endfor %}",
        "{% set s = 'a' * 900000 %}{{ s.replace('a', s) }}", "{% set s = 'ß' * 900000 %}{% for i in range(99) %}{{ s.upper() }}{% endfor %}",
        "{% set l = range(100000)|list %}{{ l|unique|list|length }}", "{% set l = range(100000)|list %}{% for i in l %}{{ i in l }}{% endfor %}",
        "{{ [", "{{ (", "{{ not ", "{{ -", "{% if a %}", "{% for x in y %}", "{% elif a %}", "{{ 1 if 1 else ", "{% raw %}{% endraw"})
    void aHostileTemplateIsStoppedSoon(String template) {
        String hostile = template.length() < 20 ? template.startsWith("{{") ? "{{ " + template.substring(3).repeat(50_000)
                : "{% if a %}" + template.repeat(50_000) : template;
        Runnable render = () -> ChatTemplate.of(hostile, Map.of(), "there").render(HI, true);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> assertOneLine(assertThrows(TemplateError.class, render::run), "there: "));
    }

    /** Pieces of templates in any order: nothing but a text or a TemplateError comes out. */
    @Property(tries = 4000)
    void anySoupOfTemplatePiecesEndsInATextOrInOneClearLine(@ForAll("soup") String soup) {
        try {
            ChatTemplate.of(soup, Map.of("bos_token", "<s>"), "there").render(HI, true);
        } catch (TemplateError e) {
            assertOneLine(e, "there: ");
        }
    }

    @Provide
    Arbitrary<String> soup() {
        return Arbitraries.of("{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "{{ messages", " }}", "{% if messages %}", "{% endif %}",
                "{% for m in messages %}", "{% endfor %}", "{% set x = ", "{% set x %}", "{% endset %}", "{% macro f(a, b=1) %}", "{% endmacro %}",
                "{{ f(1) }}", " x ", "|length", "|trim", "|map(attribute='role')", "|tojson", "|sort", "|list", "|join(',')", "[0]", "[::-1]", ".content",
                ".split('i')", ".items()", "(", ")", "[", "]", "{", "}", "'a'", "\"", "\\", "1", "2.5", " + ", " ~ ", " - ", "*", "//", "%", " in ",
                " is defined", " is not none", " not ", " and ", " or ", " if ", " else ", "namespace(a=1)", "range(3)", "loop.index0", ",", ":", "=", "\n",
                "none", "true", "{% raw %}", "{% endraw %}", "é👩").list().ofMaxSize(14).map(pieces -> String.join("", pieces));
    }

    private static void assertOneLine(TemplateError e, String where) {
        assertTrue(e.getMessage().contains(where), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(e.getMessage().length() < 600, e.getMessage());
    }
}
