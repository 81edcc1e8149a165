package dev.shaula.payload;

/** A part of the earth's surface; degrees, north and east positive. */
sealed interface Area {
    /** Mean radius of the earth in metres (IUGG). */
    double EARTH_RADIUS = 6_371_008.8;

    boolean contains(double lat, double lon);

    /** No place of the area lies south of this parallel. */
    double south();

    /** No place of the area lies north of this parallel. */
    double north();

    /** What is at most {@code metres} from a centre. */
    record Circle(double lat, double lon, double metres) implements Area {
        @Override
        public boolean contains(double otherLat, double otherLon) {
            double sinLat = Math.sin(Math.toRadians(otherLat - lat) / 2);
            double sinLon = Math.sin(Math.toRadians(otherLon - lon) / 2);
            double h = sinLat * sinLat
                    + Math.cos(Math.toRadians(lat)) * Math.cos(Math.toRadians(otherLat)) * sinLon * sinLon;
            return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(h))) <= metres;
        }

        /** A little more than the radius, so that rounding loses no place on the border. */
        private double degrees() {
            return Math.toDegrees(metres / EARTH_RADIUS) * (1 + 1e-9) + 1e-9;
        }

        @Override
        public double south() {
            return lat - degrees();
        }

        @Override
        public double north() {
            return lat + degrees();
        }
    }

    /** What lies between two parallels and two meridians; across the 180th meridian if {@code west > east}. */
    record Box(double south, double west, double north, double east) implements Area {
        @Override
        public boolean contains(double lat, double lon) {
            boolean between = west <= east ? lon >= west && lon <= east : lon >= west || lon <= east;
            return between && lat >= south && lat <= north;
        }
    }
}
