package tasks;

import static tasks.Story.add;
import static tasks.Story.divide;
import static tasks.Story.multiply;
import static tasks.Story.subtract;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Word problems of two and of three steps in plain English, in which the operations must be inferred. */
final class Stories {

    private record Person(String name, String he, String him) {

        String capital() {
            return he.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + he.substring(1);
        }
    }

    private static final List<Person> PEOPLE = List.of(new Person("Anna", "she", "her"), new Person("Ben", "he", "him"),
            new Person("Clara", "she", "her"), new Person("David", "he", "him"), new Person("Emma", "she", "her"),
            new Person("Felix", "he", "him"), new Person("Grace", "she", "her"), new Person("Hugo", "he", "him"),
            new Person("Ida", "she", "her"), new Person("Jonas", "he", "him"), new Person("Lena", "she", "her"),
            new Person("Max", "he", "him"), new Person("Nora", "she", "her"), new Person("Oscar", "he", "him"));
    private static final List<String> ITEMS = List.of("marbles", "stickers", "shells", "cards", "stamps", "coins", "pencils", "buttons");
    private static final List<String> GOODS = List.of("apples", "cookies", "rolls", "pears", "eggs", "plums");
    private static final List<List<String>> PRICED = List.of(List.of("notebook", "notebooks"), List.of("ball", "balls"),
            List.of("ticket", "tickets"), List.of("cup", "cups"), List.of("plant", "plants"), List.of("book", "books"));

    static final List<Function<Draw, Story>> TWO_STEPS = List.of(Stories::getsAndLoses, Stories::boxesAndSome, Stories::timesAsMany,
            Stories::change, Stories::sharedEqually, Stories::ages, Stories::rows, Stories::pages);
    static final List<Function<Draw, Story>> THREE_STEPS = List.of(Stories::twoKinds, Stories::boxesAndGifts, Stories::changeOfTwo,
            Stories::pooled, Stories::wages, Stories::bus, Stories::halfSold, Stories::threeFriends);

    private Stories() {}

    /** Draws of one story: three different people, things, and numbers. */
    static final class Draw {
        private final SplittableRandom random;
        private final Person a;
        private final Person b;
        private final Person c;
        private final String items;
        private final String goods;
        private final List<String> priced;
        private final List<String> alsoPriced;

        Draw(SplittableRandom random) {
            this.random = random;
            int first = random.nextInt(PEOPLE.size());
            a = PEOPLE.get(first);
            b = PEOPLE.get((first + 1 + random.nextInt(6)) % PEOPLE.size());
            c = PEOPLE.get((first + 7 + random.nextInt(6)) % PEOPLE.size());
            items = one(ITEMS);
            goods = one(GOODS);
            int thing = random.nextInt(PRICED.size());
            priced = PRICED.get(thing);
            alsoPriced = PRICED.get((thing + 1 + random.nextInt(PRICED.size() - 1)) % PRICED.size());
        }

        private <T> T one(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }

        /** A number from low to high. */
        private int number(int low, int high) {
            return low + random.nextInt(high - low + 1);
        }
    }

    private static Story getsAndLoses(Draw d) {
        int has = d.number(3, 15);
        int gets = d.number(2, 12);
        int loses = d.number(2, has + gets - 2);
        return Story.of("%s has %d %s. %s gives %s %d more, and then %s loses %d. How many %s does %s have now?".formatted(d.a.name(), has,
                d.items, d.b.name(), d.a.him(), gets, d.a.he(), loses, d.items, d.a.name()),
                add(has, gets, "With the gift, " + d.a.name() + " has %s " + d.items + "."),
                subtract(has + gets, loses, "After the loss, %s are left."));
    }

    private static Story boxesAndSome(Draw d) {
        int boxes = d.number(2, 6);
        int each = d.number(3, 9);
        int had = d.number(2, 12);
        return Story.of("%s buys %d boxes with %d %s in each, and had %d %s before. How many %s does %s have in all?".formatted(d.a.name(),
                boxes, each, d.items, had, d.items, d.items, d.a.he()),
                multiply(boxes, each, "The boxes hold %s " + d.items + "."),
                add(boxes * each, had, "With those from before there are %s."));
    }

    private static Story timesAsMany(Draw d) {
        int has = d.number(3, 12);
        int times = d.number(2, 5);
        return Story.of("%s has %d %s. %s has %d times as many. How many %s do they have together?".formatted(d.a.name(), has, d.items,
                d.b.name(), times, d.items),
                multiply(times, has, d.b.name() + " has %s " + d.items + "."),
                add(has, times * has, "Together they have %s."));
    }

    private static Story change(Draw d) {
        int price = d.number(2, 9);
        int count = d.number(2, 6);
        int paid = price * count + d.number(1, 15);
        return Story.of("A %s costs %d dollars. %s buys %d of them and pays with %d dollars. How many dollars does %s get back?".formatted(
                d.priced.get(0), price, d.a.name(), count, paid, d.a.he()),
                multiply(count, price, "The " + d.priced.get(1) + " cost %s dollars."),
                subtract(paid, count * price, d.a.name() + " gets back %s dollars."));
    }

    private static Story sharedEqually(Draw d) {
        int friends = d.number(2, 6);
        int share = d.number(2, 9);
        int found = d.number(1, friends * share - 1);
        int had = friends * share - found;
        return Story.of("%s has %d %s and picks up %d more. %s shares all of them equally among %d friends. How many does each friend get?"
                .formatted(d.a.name(), had, d.items, found, d.a.capital(), friends),
                add(had, found, "There are %s " + d.items + " to share."),
                divide(had + found, friends, "Each friend gets %s."));
    }

    private static Story ages(Draw d) {
        int age = d.number(4, 20);
        int older = d.number(2, 9);
        return Story.of("%s is %d years old. %s is %d years older than %s. How old are the two together?".formatted(d.a.name(), age,
                d.b.name(), older, d.a.name()),
                add(age, older, d.b.name() + " is %s years old."),
                add(age, age + older, "Together they are %s."));
    }

    private static Story rows(Draw d) {
        int rows = d.number(2, 7);
        int each = d.number(3, 9);
        int gone = d.number(2, rows * each - 2);
        return Story.of("A tray has %d rows of %d %s. The guests eat %d of them. How many %s are left?".formatted(rows, each, d.goods, gone,
                d.goods),
                multiply(rows, each, "At first there are %s " + d.goods + "."),
                subtract(rows * each, gone, "After the meal %s are left."));
    }

    private static Story pages(Draw d) {
        int daily = d.number(3, 9);
        int days = d.number(2, 7);
        int pages = daily * days + d.number(2, 30);
        return Story.of("%s reads %d pages every day. The book has %d pages. How many pages are left after %d days?".formatted(d.a.name(),
                daily, pages, days),
                multiply(days, daily, "In these days " + d.a.name() + " reads %s pages."),
                subtract(pages, days * daily, "So %s pages are left."));
    }

    private static Story twoKinds(Draw d) {
        int price = d.number(2, 8);
        int count = d.number(2, 5);
        int other = d.number(2, 8);
        int more = d.number(2, 5);
        return Story.of("A %s costs %d dollars and a %s costs %d dollars. How many dollars do %d %s and %d %s cost?".formatted(
                d.priced.get(0), price, d.alsoPriced.get(0), other, count, d.priced.get(1), more, d.alsoPriced.get(1)),
                multiply(count, price, "The " + d.priced.get(1) + " cost %s dollars."),
                multiply(more, other, "The " + d.alsoPriced.get(1) + " cost %s dollars."),
                add(count * price, more * other, "Together that is %s dollars."));
    }

    private static Story boxesAndGifts(Draw d) {
        int boxes = d.number(2, 5);
        int each = d.number(3, 8);
        int had = d.number(2, 10);
        int gives = d.number(2, boxes * each + had - 2);
        return Story.of("%s has %d %s and buys %d boxes with %d %s in each. Then %s gives %d %s to %s. How many %s does %s have left?"
                .formatted(d.a.name(), had, d.items, boxes, each, d.items, d.a.he(), gives, d.items, d.b.name(), d.items, d.a.name()),
                multiply(boxes, each, "The boxes hold %s " + d.items + "."),
                add(boxes * each, had, "With those from before there are %s."),
                subtract(boxes * each + had, gives, "After the gift %s are left."));
    }

    private static Story changeOfTwo(Draw d) {
        int price = d.number(2, 7);
        int count = d.number(2, 5);
        int other = d.number(2, 12);
        int cost = price * count + other;
        int paid = cost + d.number(1, 15);
        return Story.of(
                "%s buys %d %s for %d dollars each and a %s for %d dollars. %s pays with %d dollars. How many dollars does %s get back?"
                        .formatted(d.a.name(), count, d.priced.get(1), price, d.alsoPriced.get(0), other, d.a.capital(), paid, d.a.he()),
                multiply(count, price, "The " + d.priced.get(1) + " cost %s dollars."),
                add(count * price, other, "All together costs %s dollars."),
                subtract(paid, cost, d.a.name() + " gets back %s dollars."));
    }

    private static Story pooled(Draw d) {
        int friends = d.number(2, 5);
        int times = d.number(2, 4);
        int has = friends * d.number(1, 4);
        return Story.of("%s has %d %s and %s has %d times as many. They put them together and share them equally among %d children."
                .formatted(d.a.name(), has, d.items, d.b.name(), times, friends) + " How many does each child get?",
                multiply(times, has, d.b.name() + " has %s " + d.items + "."),
                add(has, times * has, "Together they have %s."),
                divide(has + times * has, friends, "Each child gets %s."));
    }

    private static Story wages(Draw d) {
        int wage = d.number(3, 9);
        int monday = d.number(2, 5);
        int tuesday = d.number(2, 5);
        int spent = d.number(2, wage * (monday + tuesday) - 2);
        return Story.of(("%s earns %d dollars an hour and works %d hours on Monday and %d hours on Tuesday. Then %s spends %d dollars."
                + " How many dollars are left?").formatted(d.a.name(), wage, monday, tuesday, d.a.he(), spent),
                add(monday, tuesday, d.a.name() + " works %s hours."),
                multiply(wage, monday + tuesday, "That pays %s dollars."),
                subtract(wage * (monday + tuesday), spent, "After the purchase %s dollars are left."));
    }

    private static Story bus(Draw d) {
        int people = d.number(8, 30);
        int off = d.number(2, people - 4);
        int on = d.number(2, 12);
        int later = d.number(2, people - off + on - 1);
        return Story.of(
                "A bus has %d passengers. At the first stop %d get off and %d get on. At the second stop %d get off.".formatted(people,
                        off, on, later) + " How many passengers are on the bus now?",
                subtract(people, off, "At the first stop %s stay."),
                add(people - off, on, "With the new ones there are %s."),
                subtract(people - off + on, later, "After the second stop %s are left."));
    }

    private static Story halfSold(Draw d) {
        int baskets = 2 * d.number(1, 4);
        int each = d.number(3, 9);
        int half = baskets * each / 2;
        int eaten = d.number(1, half - 1);
        return Story.of(
                "%s fills %d baskets with %d %s each. Half of them are sold, and the family eats %d. How many %s are left?".formatted(
                        d.a.name(), baskets, each, d.goods, eaten, d.goods),
                multiply(baskets, each, "The baskets hold %s " + d.goods + "."),
                divide(2 * half, 2, "Half of them is %s."),
                subtract(half, eaten, "After the meal %s are left."));
    }

    private static Story threeFriends(Draw d) {
        int has = d.number(3, 12);
        int more = d.number(2, 9);
        int fewer = d.number(1, has + more - 2);
        int second = has + more;
        int third = second - fewer;
        return Story.of(
                "%s has %d %s. %s has %d more than %s, and %s has %d fewer than %s. How many %s do the three have together?".formatted(
                        d.a.name(), has, d.items, d.b.name(), more, d.a.name(), d.c.name(), fewer, d.b.name(), d.items),
                add(has, more, d.b.name() + " has %s " + d.items + "."),
                subtract(second, fewer, d.c.name() + " has %s."),
                new Story.Line(has + " + " + second + " + " + third, has + second + third, "Together they have %s."));
    }
}
