import type { Shot } from '../../../src/domain/shots.ts';

/** What a photographer is told about a shot, in sentences. */
interface ShotDirections {
  framing: string;
  camera: string;
  expression: string;
  background: string;
}

export const shotDirections: Readonly<Record<Shot, ShotDirections>> = {
  portrait: {
    framing: 'A portrait of head and shoulders, the face in the middle and turned straight to the camera.',
    camera: 'An 85 mm lens at eye level, straight from the front, so that both ears are seen alike.',
    expression: 'Calm and neutral, the mouth closed, the eyes on the camera.',
    background: 'A plain light gray studio backdrop in soft, even light.',
  },
  three_quarter: {
    framing: 'A three-quarter view of head and shoulders: head and body are turned 45 degrees to one side.',
    camera: 'An 85 mm lens at eye level, so that the far cheek is narrow and both eyes are still seen.',
    expression: 'Relaxed, with the hint of a smile, the eyes on the camera.',
    background: 'A bright room, softly blurred, with daylight from a window.',
  },
  profile: {
    framing:
      'A true profile of head and shoulders: the head is turned 90 degrees, and the nose points to the right edge.',
    camera:
      'An 85 mm lens at eye level, exactly from the side: one eye, one ear, and the outline of forehead, nose and chin.',
    expression: 'Quiet, the mouth closed, the gaze straight ahead and never on the camera.',
    background: 'A plain dark backdrop, with light along the outline of the face.',
  },
  smiling: {
    framing: 'A close view of the face, from just above the hair to the collarbones, the head slightly tilted.',
    camera: 'A 50 mm lens at eye level, close and from the front.',
    expression: 'An open, genuine smile that shows the teeth and reaches the eyes, which are on the camera.',
    background: 'A terrace in warm evening light, strongly blurred.',
  },
  half_length: {
    framing: 'A half-length view from the hips up, the body slightly turned, both hands in the picture.',
    camera: 'A 50 mm lens at the height of the chest, from two meters away.',
    expression: 'Attentive, as in a conversation, the eyes just beside the camera.',
    background: 'A quiet cafe with plants by day, slightly out of focus.',
  },
  full_length: {
    framing:
      'A full-length view of a standing person from the hair to the shoes, with room above the head and below the feet.',
    camera: 'A 35 mm lens at the height of the waist, from four meters away.',
    expression: 'At ease, looking toward the camera.',
    background: 'An open street with trees by day, with nobody else in sight.',
  },
};
