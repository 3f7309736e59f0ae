/** Scenarios as data: the user's change, the incidents during the release, and how it has to end. */
export interface Scenario {
  name: ScenarioName;
  /** one line for people */
  title: string;
  /** tag of the image that the user rolls out */
  tag: string;
  wantPhase: 'Promoted' | 'RolledBack';
  incidents: Incident[];
}

export type ScenarioName = 'healthy' | 'regression' | 'no-traffic' | 'prometheus-down' | 'crashloop';

/** Something that goes wrong around the release, for a while. */
export interface Incident {
  what: 'no-traffic' | 'prometheus-down';
  /**
   * begins once this weight, or any other traffic to the new version, is observed; 0: at once with the user's
   * change
   */
  atWeight: number;
  seconds: number;
}

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  healthy: {
    name: 'healthy',
    title: 'a version with as many errors as before',
    tag: 'v2_error-0.005',
    wantPhase: 'Promoted',
    incidents: [],
  },
  regression: {
    name: 'regression',
    title: 'a version with 5% errors where there were 0.5%',
    tag: 'v3_error-0.05',
    wantPhase: 'RolledBack',
    incidents: [],
  },
  'no-traffic': {
    name: 'no-traffic',
    title: 'a version like the one before, while no one calls the service for 25 s',
    tag: 'v4_error-0.005',
    wantPhase: 'Promoted',
    incidents: [{ what: 'no-traffic', atWeight: 5, seconds: 25 }],
  },
  'prometheus-down': {
    name: 'prometheus-down',
    title: 'a version like the one before, while Prometheus answers 503 for 60 s',
    tag: 'v5_error-0.005',
    wantPhase: 'Promoted',
    incidents: [{ what: 'prometheus-down', atWeight: 25, seconds: 60 }],
  },
  crashloop: {
    name: 'crashloop',
    title: 'a version that crashes two seconds after every start',
    tag: 'v6_crash-2_start-10',
    wantPhase: 'RolledBack',
    incidents: [],
  },
};
