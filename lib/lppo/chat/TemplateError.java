package lppo.chat;

/** What is wrong with a template, or with what it was given; {@link ChatTemplate} adds the file and the remedy. */
final class TemplateError extends RuntimeException {

    TemplateError(String message) {
        super(message, null, false, false);
    }
}
