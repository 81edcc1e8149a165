package dev.shaula.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CodeKernelsTest {

    @Test
    void shouldGiveTheSumsOfTheScalarTwinsForEveryLengthAndOffset() {
        CodeChecks.checkAll(System.nanoTime());
    }

    @Test
    void shouldNotOverflowWithTheGreatestCodesOfTheLongestVectors() {
        assertThat(CodeChecks.greatest(65_535)).isEqualTo(255L * 127 * 65_535);
        assertThat(CodeChecks.greatestOfFourBits(65_535)).isEqualTo(15L * 127 * 65_535);
    }

    @Test
    void shouldTransformAsTheDefinitionOfHadamardSays() {
        CodeChecks.checkHadamard(System.nanoTime());
    }

    @Test
    void shouldReduceToBitsAsOneElementAtATime() {
        CodeChecks.checkReductions(System.nanoTime());
    }
}
