package dev.shaula.sidebyside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.shaula.sidebyside.Curve.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class CurveTest {
    @Test
    void shouldTakeTheGeometricMeanHalfWayBetweenTwoPoints() {
        Curve curve = new Curve(List.of(new Point(0.98, 1_000), new Point(0.90, 4_000)));

        assertThat(curve.at(0.94).qps()).isCloseTo(2_000, within(1e-6));
        assertThat(curve.at(0.94).atLeast()).isFalse();
    }

    @Test
    void shouldSayAtLeastBelowTheFirstPointAndNeverAboveTheLast() {
        Curve curve = new Curve(List.of(new Point(0.97, 3_000), new Point(0.99, 1_000)));

        assertThat(curve.at(0.95)).isEqualTo(new Curve.Rate(3_000, true));
        assertThat(curve.at(0.97)).isEqualTo(new Curve.Rate(3_000, false));
        assertThat(curve.at(0.991).reached()).isFalse();
        assertThat(new Curve(List.of()).at(0.5).reached()).isFalse();
    }

    @Test
    void shouldCreditAFasterPointOfHigherRecall() {
        Curve curve = new Curve(List.of(new Point(0.90, 1_000), new Point(0.96, 900), new Point(0.97, 1_500)));

        assertThat(curve.at(0.95).qps()).isEqualTo(1_500);
    }

    @Test
    void shouldNotDivideByZeroWhenTwoPointsHaveTheSameRecall() {
        Curve curve = new Curve(List.of(new Point(0.9, 1_000), new Point(0.9, 2_000), new Point(0.99, 500)));

        assertThat(curve.at(0.9).qps()).isEqualTo(2_000);
        assertThat(curve.at(0.95).qps()).isBetween(500.0, 2_000.0);
    }
}
