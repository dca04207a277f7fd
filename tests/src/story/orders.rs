//! Every order of a few things, and every run of a story with choices.

/// Every order of `things`, each once.
pub fn every_order<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = things.split_first() else {
        return vec![Vec::new()];
    };
    let mut orders = Vec::new();
    for order in every_order(rest) {
        for place in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(place, first.clone());
            orders.push(longer);
        }
    }
    orders
}

/// The choices of one run.
#[derive(Debug, Default)]
pub struct Choices {
    taken: Vec<(usize, usize)>,
    next: usize,
}

impl Choices {
    /// One of `options` possibilities, from 0.
    ///
    /// # Panics
    /// If there is none.
    pub fn of(&mut self, options: usize) -> usize {
        assert!(options > 0, "there is something to choose from");
        if self.next == self.taken.len() {
            self.taken.push((0, options));
        }
        let (choice, before) = self.taken[self.next];
        assert_eq!(before, options, "the same choices lead to the same story");
        self.next += 1;
        choice
    }

    /// Goes on to the next run; false after the last.
    fn advance(&mut self) -> bool {
        self.next = 0;
        while let Some((choice, options)) = self.taken.pop() {
            if choice + 1 < options {
                self.taken.push((choice + 1, options));
                return true;
            }
        }
        false
    }
}

/// Tells a story once for every possible row of choices; how many that were.
///
/// # Panics
/// If there are more than `most`.
pub fn every_run(most: usize, mut story: impl FnMut(&mut Choices)) -> usize {
    let (mut choices, mut runs) = (Choices::default(), 0);
    loop {
        story(&mut choices);
        runs += 1;
        assert!(runs <= most, "more runs than expected");
        if !choices.advance() {
            return runs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_things_have_twenty_four_orders() {
        let mut orders = every_order(&[1, 2, 3, 4]);
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders.len(), 24);
    }

    #[test]
    fn every_row_of_choices_is_told_once() {
        let mut told = Vec::new();
        let runs = every_run(10, |choices| {
            let first = choices.of(2);
            let second = if first == 0 { choices.of(3) } else { 9 };
            told.push((first, second));
        });
        assert_eq!(runs, 4);
        assert_eq!(told, [(0, 0), (0, 1), (0, 2), (1, 9)]);
    }
}
