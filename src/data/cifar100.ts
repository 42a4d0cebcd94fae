import { type CifarSet, readCifar } from "./cifar";
import type { DatasetSource } from "./dataset-source";

/**
 * The hundred fine classes in the order of their labels, which is the alphabet's; compared with the `fine_label` names of Hugging
 * Face's datasets/cifar100/cifar100.py (commit 03e80be), which differ in one letter: "cra" there is a slip for "crab".
 */
const CLASSES = `
  apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel
  can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
  dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
  lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree
  pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea
  seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
  tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman
  worm
`;

const CIFAR_100: CifarSet = {
  name: "cifar-100",
  classes: CLASSES.trim().split(/\s+/),
  folder: "cifar-100-binary",
  train: ["train.bin"],
  test: "test.bin",
  // The coarse label is before the fine one.
  labelBytes: 2,
  archive: {
    file: "cifar-100-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    md5: "03b5dce01913d631647c71ecec9e9cb8",
  },
  pictures: ["cifar-100", "cifar100", "cifar-100.zip", "cifar100.zip"],
};

/** CIFAR-100: 50,000 + 10,000 colour images of 32x32 in 100 (fine) classes, found as {@link readCifar} finds them. */
export const cifar100: DatasetSource = (root, context, options) => readCifar(CIFAR_100, root, context, options);
