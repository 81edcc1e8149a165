package dev.shaula;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import org.jspecify.annotations.NullMarked;

@NullMarked
final class NullMarkedPackages {
    private NullMarkedPackages() {}

    static ArchCondition<JavaClass> beNullMarked() {
        return new ArchCondition<>("be in a @NullMarked package") {
            @Override
            public void check(JavaClass c, ConditionEvents events) {
                boolean marked = c.getPackage().isAnnotatedWith(NullMarked.class);
                events.add(new SimpleConditionEvent(c, marked, c.getName() + " is not in a @NullMarked package"));
            }
        };
    }
}
