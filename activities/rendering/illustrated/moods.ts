// Expressions: what vibe and personality say, and the face that each shot makes of it. Brows belong to the person, so a mood
// picks them once and no shot changes them.
import type { Options } from '@dicebear/avataaars';
import type { Rule } from '../wording.ts';

type Mouth = NonNullable<Options['mouth']>[number];
type Eyes = NonNullable<Options['eyes']>[number];
export type Eyebrows = NonNullable<Options['eyebrows']>[number];

export interface Face {
  mouth: Mouth;
  eyes: Eyes;
}

export interface Mood {
  eyebrows: readonly [Eyebrows, ...Eyebrows[]];
  /** Portrait. */
  resting: Face;
  /** Three quarter and full length. */
  easy: Face;
  /** Profile: looking past the camera. */
  aside: Face;
  smiling: Face;
  /** Half length. */
  engaged: Face;
}

export type MoodName = 'warm' | 'playful' | 'confident' | 'calm' | 'dreamy' | 'shy' | 'wistful' | 'deadpan' | 'edgy';

export const moods: Readonly<Record<MoodName, Mood>> = {
  warm: {
    eyebrows: ['default', 'defaultNatural', 'raisedExcitedNatural'],
    resting: { mouth: 'twinkle', eyes: 'default' },
    easy: { mouth: 'smile', eyes: 'default' },
    aside: { mouth: 'twinkle', eyes: 'default' },
    smiling: { mouth: 'smile', eyes: 'happy' },
    engaged: { mouth: 'smile', eyes: 'default' },
  },
  playful: {
    eyebrows: ['raisedExcited', 'raisedExcitedNatural', 'upDownNatural'],
    resting: { mouth: 'smile', eyes: 'default' },
    easy: { mouth: 'twinkle', eyes: 'wink' },
    aside: { mouth: 'smile', eyes: 'default' },
    smiling: { mouth: 'smile', eyes: 'happy' },
    engaged: { mouth: 'smile', eyes: 'happy' },
  },
  confident: {
    eyebrows: ['default', 'defaultNatural', 'upDownNatural'],
    resting: { mouth: 'twinkle', eyes: 'default' },
    easy: { mouth: 'twinkle', eyes: 'default' },
    aside: { mouth: 'serious', eyes: 'default' },
    smiling: { mouth: 'smile', eyes: 'default' },
    engaged: { mouth: 'twinkle', eyes: 'default' },
  },
  calm: {
    eyebrows: ['default', 'defaultNatural'],
    resting: { mouth: 'twinkle', eyes: 'default' },
    easy: { mouth: 'serious', eyes: 'default' },
    aside: { mouth: 'twinkle', eyes: 'closed' },
    smiling: { mouth: 'smile', eyes: 'happy' },
    engaged: { mouth: 'twinkle', eyes: 'default' },
  },
  dreamy: {
    eyebrows: ['default', 'defaultNatural', 'raisedExcitedNatural'],
    resting: { mouth: 'twinkle', eyes: 'default' },
    easy: { mouth: 'twinkle', eyes: 'default' },
    aside: { mouth: 'serious', eyes: 'closed' },
    smiling: { mouth: 'smile', eyes: 'happy' },
    engaged: { mouth: 'twinkle', eyes: 'happy' },
  },
  shy: {
    eyebrows: ['raisedExcitedNatural', 'defaultNatural'],
    resting: { mouth: 'twinkle', eyes: 'side' },
    easy: { mouth: 'serious', eyes: 'default' },
    aside: { mouth: 'twinkle', eyes: 'side' },
    smiling: { mouth: 'twinkle', eyes: 'happy' },
    engaged: { mouth: 'twinkle', eyes: 'side' },
  },
  wistful: {
    eyebrows: ['sadConcernedNatural'],
    resting: { mouth: 'serious', eyes: 'default' },
    easy: { mouth: 'serious', eyes: 'side' },
    aside: { mouth: 'serious', eyes: 'closed' },
    smiling: { mouth: 'twinkle', eyes: 'default' },
    engaged: { mouth: 'serious', eyes: 'default' },
  },
  deadpan: {
    eyebrows: ['flatNatural'],
    resting: { mouth: 'serious', eyes: 'default' },
    easy: { mouth: 'serious', eyes: 'default' },
    aside: { mouth: 'serious', eyes: 'default' },
    smiling: { mouth: 'twinkle', eyes: 'default' },
    engaged: { mouth: 'serious', eyes: 'default' },
  },
  edgy: {
    eyebrows: ['flatNatural', 'upDownNatural'],
    resting: { mouth: 'serious', eyes: 'default' },
    easy: { mouth: 'twinkle', eyes: 'default' },
    aside: { mouth: 'serious', eyes: 'default' },
    smiling: { mouth: 'smile', eyes: 'default' },
    engaged: { mouth: 'serious', eyes: 'default' },
  },
};

export const moodWords: readonly Rule<MoodName>[] = [
  {
    phrases: [
      'warm',
      'friendly',
      'kind',
      'cheerful',
      'sunny',
      'approachable',
      'caring',
      'wholesome',
      'happy',
      'optimistic',
    ],
    means: 'warm',
  },
  {
    phrases: ['empathetic', 'nurturing', 'welcoming', 'gentle', 'girl next door', 'boy next door', 'down to earth'],
    means: 'warm',
  },
  {
    phrases: [
      'playful',
      'fun',
      'funny',
      'bubbly',
      'quirky',
      'energetic',
      'silly',
      'goofy',
      'witty',
      'mischievous',
      'lively',
    ],
    means: 'playful',
  },
  {
    phrases: [
      'confident',
      'bold',
      'ambitious',
      'professional',
      'polished',
      'glamorous',
      'charismatic',
      'elegant',
      'luxury',
    ],
    means: 'confident',
  },
  {
    phrases: ['calm', 'zen', 'serene', 'mindful', 'grounded', 'relaxed', 'chill', 'laid back', 'peaceful', 'quiet'],
    means: 'calm',
  },
  {
    phrases: ['dreamy', 'romantic', 'whimsical', 'ethereal', 'artistic', 'poetic', 'soft', 'nostalgic'],
    means: 'dreamy',
  },
  {
    phrases: [
      'deadpan',
      'dry',
      'serious',
      'stoic',
      'sharp',
      'sharper',
      'sarcastic',
      'sardonic',
      'aloof',
      'cool',
      'blunt',
      'severe',
    ],
    means: 'deadpan',
  },
  {
    phrases: ['more deadpan', 'dry humor', 'dry humour', 'unimpressed', 'intense', 'stern', 'reserved', 'minimal'],
    means: 'deadpan',
  },
  {
    phrases: ['edgy', 'rebellious', 'rebel', 'moody', 'mysterious', 'dark', 'brooding', 'fierce', 'punk', 'angsty'],
    means: 'edgy',
  },
  { phrases: ['joyful', 'jolly', 'graceful', 'generous', 'humble', 'loving', 'sweet', 'sincere'], means: 'warm' },
  {
    phrases: [
      'spirited',
      'hyped',
      'hyper',
      'excited',
      'carefree',
      'free spirited',
      'enthusiastic',
      'cheeky',
      'humorous',
    ],
    means: 'playful',
  },
  {
    phrases: [
      'charming',
      'suave',
      'flirty',
      'sassy',
      'haughty',
      'passionate',
      'dramatic',
      'adventurous',
      'motivational',
    ],
    means: 'confident',
  },
  {
    phrases: ['authoritative', 'competitive', 'proud', 'assertive', 'driven', 'dignified', 'rugged'],
    means: 'confident',
  },
  { phrases: ['wise', 'thoughtful', 'scholarly', 'intellectual', 'patient', 'composed', 'spiritual'], means: 'calm' },
  { phrases: ['creative', 'imaginative', 'curious', 'mystical'], means: 'dreamy' },
  { phrases: ['shy', 'introverted', 'timid', 'awkward', 'nerdy', 'bashful'], means: 'shy' },
  { phrases: ['sad', 'melancholic', 'melancholy', 'wistful', 'lonely', 'vulnerable', 'anxious'], means: 'wistful' },
  { phrases: ['grumpy', 'gruff', 'cynical', 'strict', 'jaded'], means: 'deadpan' },
];

/** Moods of a person of whom nothing is said. */
export const usualMoods: readonly [MoodName, ...MoodName[]] = ['warm', 'playful', 'confident', 'calm'];
