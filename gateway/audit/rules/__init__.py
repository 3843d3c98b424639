"""The detections: one small judgement a rule, each with a sentence that explains its alert (THREATS E and F)."""
