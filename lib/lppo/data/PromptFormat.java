package lppo.data;

/** How a question becomes the text of a prompt. */
@FunctionalInterface
public interface PromptFormat {

    /** Returns the prompt text for a question. */
    String of(String question);

    /** The question as it is. */
    static PromptFormat plain() {
        return question -> question;
    }
}
