package answers;

//DEPS org.matheclipse:matheclipse-core:3.0.0
//SOURCES Algebra.java
//SOURCES AlgebraWorker.java
//SOURCES Brackets.java
//SOURCES Complex.java
//SOURCES Cursor.java
//SOURCES Equivalence.java
//SOURCES Exact.java
//SOURCES Extract.java
//SOURCES LatexCommands.java
//SOURCES LatexLexer.java
//SOURCES MathAnswer.java
//SOURCES Matrices.java
//SOURCES Node.java
//SOURCES Numeric.java
//SOURCES Parser.java
//SOURCES Rational.java
//SOURCES RealSet.java
//SOURCES SymjaText.java
//SOURCES ValueComparison.java
//SOURCES Vocabulary.java

/**
 * What a script includes beside {@code Lppo.java}, by {@code //SOURCES ../lib/answers/Answers.java}, to have
 * {@link MathAnswer} decide symbolic questions: the computer-algebra system Answers, under LGPL 3.0 (only
 * {@code matheclipse-core}; {@code matheclipse-gpl} is never used). Without it numbers, rational expressions, sets, intervals
 * and text are decided all the same.
 */
public final class Answers {
    private Answers() {}
}
