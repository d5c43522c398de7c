package answers;

//DEPS org.matheclipse:matheclipse-core:3.0.0
//SOURCES Algebra.java
//SOURCES AlgebraWorker.java
//SOURCES Boxes.java
//SOURCES Brackets.java
//SOURCES Characters.java
//SOURCES Choice.java
//SOURCES Commitment.java
//SOURCES Compound.java
//SOURCES Complex.java
//SOURCES Congruence.java
//SOURCES Cursor.java
//SOURCES Dates.java
//SOURCES Directions.java
//SOURCES Echo.java
//SOURCES Equivalence.java
//SOURCES Exact.java
//SOURCES Extract.java
//SOURCES FinalForm.java
//SOURCES Formulas.java
//SOURCES Gaming.java
//SOURCES LatexCommands.java
//SOURCES LatexLexer.java
//SOURCES MathAnswer.java
//SOURCES Matrices.java
//SOURCES Measures.java
//SOURCES Node.java
//SOURCES NumberWords.java
//SOURCES Numeral.java
//SOURCES Numeric.java
//SOURCES Parser.java
//SOURCES Quantities.java
//SOURCES Rational.java
//SOURCES Readings.java
//SOURCES RealSet.java
//SOURCES SetBuilder.java
//SOURCES Spelling.java
//SOURCES Statement.java
//SOURCES SymjaText.java
//SOURCES Tags.java
//SOURCES Units.java
//SOURCES UsualForm.java
//SOURCES ValueComparison.java
//SOURCES Vocabulary.java
//SOURCES Words.java

/**
 * Sources and dependencies for judging mathematical answers. A script includes them with {@code //SOURCES ../lib/answers/Answers.java}.
 * They use the computer-algebra system Symja, under LGPL 3.0 (only {@code matheclipse-core}; {@code matheclipse-gpl} is never used).
 * Without Symja on the class path, numbers, rational expressions, sets, intervals and text are still decided.
 */
public final class Answers {
    private Answers() {}
}
