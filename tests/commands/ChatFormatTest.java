package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatFormatTest {

    @Test
    void plainIsTheQuestionItself(@TempDir Path folder) {
        assertEquals(" $x$\n", ChatFormat.named("plain", folder, null).of(" $x$\n"));
    }

    @Test
    void chatIsTheFoldersTemplateWithTheSystemMessageThereIs(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("chat_template.jinja"),
                "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
        assertEquals("<user>1+1?<assistant>", ChatFormat.named("chat", folder, null).of("1+1?"));
        assertEquals("<system>Be brief.<user>1+1?<assistant>", ChatFormat.named("chat", folder, "Be brief.").of("1+1?"));
        assertEquals("<system>" + ChatFormat.BOXED + "<user>1+1?<assistant>", ChatFormat.named("qwen-math", folder, null).of("1+1?"));
        assertEquals("<system>Be brief.<user>1+1?<assistant>", ChatFormat.named("qwen-math", folder, "Be brief.").of("1+1?"));
    }

    @ParameterizedTest
    @CsvSource({"chat,,has no chat template", "qwen-math,,has no chat template", "plain,Be brief.,no system message",
        "other,,choose plain"})
    void whatCannotBeSaysWhatToDo(String name, String system, String part, @TempDir Path folder) {
        BadInput e = assertThrows(BadInput.class, () -> ChatFormat.named(name, folder, system));
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }
}
