// Words for what a face shows beyond skin and hair: glasses, facial hair, build, gender.
import type { Options } from '@dicebear/avataaars';
import type { Rule } from '../wording.ts';

export type Glasses = 'none' | Extract<NonNullable<Options['accessories']>[number], string>;
export type FacialHair = 'none' | 'stubble' | NonNullable<Options['facialHair']>[number];

/** A beard that nobody asked for is no more than stubble below this age: a full one adds ten years. */
export const youngestBeardedAge = 24;

export const glassesWords: readonly Rule<Glasses>[] = [
  { phrases: ['glasses', 'spectacles', 'eyeglasses', 'bespectacled', 'reading glasses'], means: 'prescription02' },
  {
    phrases: ['round glasses', 'round spectacles', 'round frames', 'wire glasses', 'wire frames', 'wire rimmed'],
    means: 'round',
  },
  {
    phrases: ['thin glasses', 'thin frames', 'cat eye', 'cat eye glasses', 'oval glasses', 'light frames'],
    means: 'prescription01',
  },
  { phrases: ['sunglasses', 'aviators', 'aviator sunglasses', 'dark glasses'], means: 'sunglasses' },
  { phrases: ['wayfarers', 'ray bans', 'square sunglasses', 'wayfarer sunglasses'], means: 'wayfarers' },
  { phrases: ['eyepatch', 'eye patch'], means: 'eyepatch' },
  { phrases: ['contact lenses', 'glasses free'], means: 'none' },
];

export const facialHairWords: readonly Rule<FacialHair>[] = [
  {
    phrases: ['clean shaven', 'cleanshaven', 'smooth shaven', 'beardless', 'smooth face', 'fresh shaved'],
    means: 'none',
  },
  {
    phrases: ['stubble', 'five oclock shadow', '5 oclock shadow', 'scruff', 'light stubble'],
    means: 'stubble',
  },
  { phrases: ['goatee', 'short beard', 'trimmed beard', 'light beard', 'van dyke', 'neat beard'], means: 'beardLight' },
  { phrases: ['beard', 'bearded', 'facial hair', 'medium beard'], means: 'beardMedium' },
  {
    phrases: ['full beard', 'long beard', 'bushy beard', 'big beard', 'thick beard'],
    means: 'beardMajestic',
  },
  { phrases: ['moustache', 'mustache', 'tache', 'thick mustache', 'thick moustache'], means: 'moustacheMagnum' },
  {
    phrases: ['handlebar', 'handlebar mustache', 'handlebar moustache', 'curled mustache', 'curled moustache'],
    means: 'moustacheFancy',
  },
];

/** Widths of our own torso and limbs, as factors of the usual ones. */
export interface Build {
  shoulders: number;
  waist: number;
  hips: number;
  limbs: number;
  height: number;
}

export type BuildName = 'usual' | 'slim' | 'petite' | 'athletic' | 'muscular' | 'broad' | 'curvy' | 'plus' | 'tall';

export const builds: Readonly<Record<BuildName, Build>> = {
  usual: { shoulders: 1, waist: 1, hips: 1, limbs: 1, height: 1 },
  slim: { shoulders: 0.94, waist: 0.9, hips: 0.92, limbs: 0.88, height: 1.02 },
  petite: { shoulders: 0.93, waist: 0.9, hips: 0.93, limbs: 0.9, height: 0.93 },
  athletic: { shoulders: 1.04, waist: 0.96, hips: 0.97, limbs: 1.04, height: 1.02 },
  muscular: { shoulders: 1.1, waist: 1.02, hips: 1, limbs: 1.16, height: 1.02 },
  broad: { shoulders: 1.1, waist: 1.22, hips: 1.08, limbs: 1.1, height: 1 },
  curvy: { shoulders: 1, waist: 1.06, hips: 1.28, limbs: 1.08, height: 1 },
  plus: { shoulders: 1.14, waist: 1.58, hips: 1.42, limbs: 1.24, height: 1 },
  tall: { shoulders: 1, waist: 0.98, hips: 0.98, limbs: 0.97, height: 1.05 },
};

export const buildWords: readonly Rule<BuildName>[] = [
  { phrases: ['slim', 'slender', 'lean', 'thin', 'skinny', 'willowy', 'lanky', 'wiry', 'ectomorph'], means: 'slim' },
  { phrases: ['petite', 'small', 'short', 'tiny'], means: 'petite' },
  { phrases: ['athletic', 'fit', 'toned', 'sporty', 'runner', 'swimmer', 'dancer'], means: 'athletic' },
  { phrases: ['muscular', 'muscled', 'buff', 'bodybuilder', 'strong', 'ripped', 'mesomorph'], means: 'muscular' },
  {
    phrases: ['broad', 'stocky', 'broad shouldered', 'burly', 'sturdy', 'dad bod', 'big', 'barrel chested'],
    means: 'broad',
  },
  { phrases: ['curvy', 'hourglass', 'voluptuous', 'pear', 'full figured', 'busty'], means: 'curvy' },
  {
    phrases: ['plus size', 'plus sized', 'heavy', 'heavyset', 'large', 'fat', 'chubby', 'overweight', 'round'],
    means: 'plus',
  },
  { phrases: ['tall', 'leggy', 'statuesque', 'long legged'], means: 'tall' },
  { phrases: ['average', 'medium', 'normal', 'regular'], means: 'usual' },
];
