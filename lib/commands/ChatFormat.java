package commands;

//SOURCES ../chat/Chat.java

import chat.ChatTemplate;
import chat.TemplateError;
import common.BadInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import llm.Tokenizer;
import lppo.data.PromptFormat;

/** The prompt formats that a command knows by name, among them that of a model folder's chat template. */
public final class ChatFormat {

    /** The system message that the Qwen2.5-Math models were trained with. */
    public static final String BOXED = "Please reason step by step, and put your final answer within \\boxed{}.";

    private ChatFormat() {}

    /**
     * The question as a user's message, and the beginning of the assistant's answer.
     *
     * @param system the system message; null to leave it to the template
     */
    public static PromptFormat chat(ChatTemplate template, String system) {
        ChatTemplate pinned = template.with("date_string", "26 Jul 2024"); // Llama 3's own default, else every day has other prompts
        return question -> {
            List<ChatTemplate.Message> messages = new ArrayList<>();
            if (system != null) {
                messages.add(new ChatTemplate.Message("system", system));
            }
            messages.add(new ChatTemplate.Message("user", question));
            return told(() -> pinned.render(messages, true));
        };
    }

    /** The same for a tokenizer that opens every text, which a template does by itself and {@code plain} does not. */
    public static PromptFormat named(String name, Path folder, String system, Tokenizer tokenizer) {
        PromptFormat format = named(name, folder, system);
        return name.equals("plain") ? question -> tokenizer.opening() + format.of(question) : format;
    }

    /**
     * The format of a name: {@code plain}; {@code chat}, with the folder's template; {@code qwen-math}, the same with the
     * system message {@link #BOXED}.
     *
     * @param folder the model folder
     * @param system a system message of one's own; null for none, or the format's
     * @throws BadInput if there is no such format, the folder has no template or cannot use it, or {@code plain} gets a
     *         system message
     */
    public static PromptFormat named(String name, Path folder, String system) {
        BadInput.unless(List.of("plain", "chat", "qwen-math").contains(name), "prompt format %s: choose plain, chat or qwen-math", name);
        if (name.equals("plain")) {
            BadInput.unless(system == null, "the prompt format plain has no system message; choose chat");
            return PromptFormat.plain();
        }
        ChatTemplate template = told(() -> ChatTemplate.read(folder)).orElseThrow(() -> new BadInput(folder
                + ": has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); use the prompt format plain"));
        return chat(template, system == null && name.equals("qwen-math") ? BOXED : system);
    }

    private static <T> T told(Supplier<T> work) {
        try {
            return work.get();
        } catch (TemplateError e) {
            throw new BadInput(e.getMessage(), e);
        }
    }
}
