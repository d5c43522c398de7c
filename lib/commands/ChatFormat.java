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

/** The named prompt formats of commands, including the chat template of a model folder. */
public final class ChatFormat {

    /** The system message that the Qwen2.5-Math models were trained with. */
    public static final String BOXED = "Please reason step by step, and put your final answer within \\boxed{}.";

    private ChatFormat() {}

    /**
     * Returns the question as a user message, followed by the start of the assistant's answer.
     *
     * @param system the system message; null for the template's default
     */
    public static PromptFormat chat(ChatTemplate template, String system) {
        ChatTemplate pinned = pinned(template);
        return question -> {
            List<ChatTemplate.Message> messages = new ArrayList<>();
            if (system != null) {
                messages.add(new ChatTemplate.Message("system", system));
            }
            messages.add(new ChatTemplate.Message("user", question));
            return orBadInput(() -> pinned.render(messages, true));
        };
    }

    /** Returns the format of this name, where {@code plain} starts with the tokenizer's begin token, which a template renders itself. */
    public static PromptFormat named(String name, Path folder, String system, Tokenizer tokenizer) {
        PromptFormat format = named(name, folder, system);
        return name.equals("plain") ? question -> tokenizer.opening() + format.of(question) : format;
    }

    /**
     * Returns the format of this name: {@code plain}; {@code chat}, with the folder's template; {@code qwen-math}, chat with the system
     * message {@link #BOXED}.
     *
     * @param folder the model folder
     * @param system custom system message; null for none or the format's own
     * @throws BadInput if there is no such format, the folder has no usable template, or {@code plain} is given a system message
     */
    public static PromptFormat named(String name, Path folder, String system) {
        BadInput.unless(List.of("plain", "chat", "qwen-math").contains(name), "prompt format %s: choose plain, chat or qwen-math", name);
        if (name.equals("plain")) {
            BadInput.unless(system == null, "the prompt format plain has no system message; choose chat");
            return PromptFormat.plain();
        }
        return chat(template(folder), system == null && name.equals("qwen-math") ? BOXED : system);
    }

    /**
     * Returns the template of a model folder, as {@link #chat} uses it.
     *
     * @throws BadInput if the folder has no usable template
     */
    static ChatTemplate template(Path folder) {
        return pinned(orBadInput(() -> ChatTemplate.read(folder)).orElseThrow(() -> new BadInput(folder
                + ": has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); use the prompt format plain")));
    }

    private static ChatTemplate pinned(ChatTemplate template) {
        return template.with("date_string", "26 Jul 2024"); // Llama 3's default; otherwise prompts would change daily
    }

    static <T> T orBadInput(Supplier<T> work) {
        try {
            return work.get();
        } catch (TemplateError e) {
            throw new BadInput(e.getMessage(), e);
        }
    }
}
