package lppo.math;

//DEPS org.matheclipse:matheclipse-core:3.0.0
//SOURCES AlgebraWorker.java

/**
 * What a script includes beside {@code Lppo.java}, by {@code //SOURCES ../lib/lppo/math/Symja.java}, to have
 * {@link MathAnswer} decide symbolic questions: the computer-algebra system Symja, under LGPL 3.0 (only
 * {@code matheclipse-core}; {@code matheclipse-gpl} is never used). Without it numbers, rational expressions, sets, intervals
 * and text are decided all the same.
 */
public final class Symja {
    private Symja() {}
}
