package chat;

//DEPS com.google.code.gson:gson:2.13.1
//SOURCES Arguments.java
//SOURCES ChatTemplate.java
//SOURCES Expressions.java
//SOURCES Filters.java
//SOURCES Frame.java
//SOURCES Json.java
//SOURCES Methods.java
//SOURCES Operators.java
//SOURCES Renderer.java
//SOURCES Template.java
//SOURCES TemplateError.java
//SOURCES TemplateLexer.java
//SOURCES Values.java

/**
 * Sources and dependencies for rendering chat templates. A script includes them with {@code //SOURCES ../lib/chat/Chat.java}.
 */
public final class Chat {
    private Chat() {}
}
